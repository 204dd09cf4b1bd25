# Makes the benchmark's frames in the folder given, 1,000,000 rows x 10 columns each: mixed, whose texts are
# nearly all distinct in one column, repeated, the same with texts that come again, and all double.
folder <- commandArgs(TRUE)[1]
set.seed(1)
n <- 1e6L
mixed <- data.frame(
  id = sample.int(n),
  count = sample.int(1000L, n, TRUE),
  value = rnorm(n),
  price = round(runif(n) * 100, 2),
  sample = sprintf("id%07d", sample.int(9999999L, n, TRUE)),
  group = sample(c("alpha", "beta", "gamma", "delta"), n, TRUE),
  letter = factor(sample(letters, n, TRUE)),
  passed = sample(c(TRUE, FALSE, NA), n, TRUE),
  day = as.Date("2020-01-01") + sample.int(2000L, n, TRUE),
  time = as.POSIXct("2024-01-01", tz = "UTC") + sample.int(10000000L, n, TRUE)
)
repeated <- mixed
repeated$sample <- sprintf("id%05d", sample.int(20000L, n, TRUE))
double <- as.data.frame(matrix(rnorm(n * 10), n))
saveRDS(mixed[1:1000, ], file.path(folder, "small.rds"))
for (name in c("mixed", "repeated", "double")) {
  frame <- get(name)
  saveRDS(frame, file.path(folder, paste0(name, ".rds")))
  saveRDS(
    frame,
    file.path(folder, paste0(name, "-plain.rds")),
    compress = FALSE
  )
}
