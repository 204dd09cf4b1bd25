# Three frames as they occur in a lab: much of this is what a plain CSV would lose.

# Row names, a factor with an unused level ("heat") and NA, integers with NA, "" beside NA in text.
d <- data.frame(
  treatment = factor(
    c("control", "drought", NA, "control", "drought"),
    levels = c("control", "drought", "heat")
  ),
  leaves = c(4L, NA, 6L, 5L, 3L),
  height = c(10.5, 7.25, 0.1 + 0.2, 12.5, NA),
  note = c("tall, \"dry\"", "", NA, "r\u00e9colt\u00e9", "NA"),
  row.names = c("plant-a", "plant-b", "plant-c", "plant-d", "plant-e")
)

# Times with a zone, half a second apart where the clocks go forward; dates, an ordered factor, durations.
e <- data.frame(
  seen = as.POSIXct(
    c("2026-03-29 01:59:59.5", "2026-03-29 03:00:00", NA),
    tz = "Europe/Paris"
  ),
  sown = as.Date(c("2026-03-01", NA, "1969-12-31")),
  stage = factor(
    c("flower", "seed", "leaf"),
    levels = c("seed", "leaf", "flower"),
    ordered = TRUE
  ),
  dried = as.difftime(c(90, 12.5, NA), units = "mins"),
  alive = c(TRUE, NA, FALSE)
)

# A data set that comes with R: its class has four parts, and it carries a formula.
f <- CO2
