# A batch over samples: what the keys say is found by a template, and becomes columns.
library(crossframe)

# As instruments leave it: a key for each sample and day, and nothing in it that the key says already.
plates <- list(
  "north/sample_1_2026-03-01" = c(0.11, 0.13),
  "north/sample_2_2026-03-01" = c(0.42, 0.40),
  "south/sample_10_2026-03-02" = c(0.93, 0.95)
)
for (plate in names(plates)) {
  run <- data.frame(well = c("A1", "A2"), density = plates[[plate]])
  cf_save(run, sprintf("runs/%s.rds", plate))
}

# What is there, told by the keys alone: nothing is loaded.
template <- "runs/{site}/sample_{sample:int}_{day:date}.rds"
found <- cf_find(template)
print(found[c("key", "site", "sample", "day")], row.names = FALSE)

# All of it as one data frame, or one site of it by where = list(site = "north").
runs <- cf_load_many(template, combine = TRUE)
cat("\n")
print(runs[names(runs) != "key"], row.names = FALSE)

# The same kind of template saves: a key for each site.
means <- aggregate(density ~ site + sample, runs, mean)
saved <- cf_save_many(means, "means/{site}.csv")
cat("\nSaved", saved$key, "\n")
