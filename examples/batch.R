# A batch over samples: one key a sample and day, named by a template that saves, finds and loads.
library(crossframe)

template <- "runs/{site}/sample_{sample:int}_{day:date}.rds"

# One data frame; each group goes to a key of its own.
wells <- data.frame(
  site = factor(rep(c("north", "south"), c(4, 2))),
  sample = c(1L, 1L, 2L, 2L, 10L, 10L),
  day = as.Date("2026-03-01") + c(0, 0, 0, 0, 1, 1),
  well = c("A1", "A2"),
  optical_density = c(0.11, 0.13, 0.42, 0.40, 0.93, 0.95)
)
cf_save_many(wells, template)

# What is there, told by the keys alone: nothing is loaded.
found <- cf_find(template)
print(found[c("key", "site", "sample", "day")], row.names = FALSE)

# Only one site, all its samples, in the order of the keys.
cat("\n")
runs <- cf_load_many("runs/north/*.rds")
for (name in names(runs)) {
  cat(name, mean(runs[[name]]$optical_density), "\n")
}
