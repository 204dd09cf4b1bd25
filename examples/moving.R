# Moving a lab from aws.s3: what lies there loads as it is, and is saved once more with its types.
library(crossframe) # was library(aws.s3); the next four calls are as they were

s3save(warpbreaks, object = "old/breaks")
s3saveRDS(chickwts, object = "old/chicks.rds")
plots <- data.frame(code = c("007", "012"), size = c("small", "large"))
s3write_using(plots, write.csv, object = "old/plots.csv")

# 1. The loop over keys, which every user of aws.s3 writes, is a pattern.
found <- cf_find("old/*")
for (key in found$key) {
  cat(sprintf("%-15s %s\n", key, cf_info(key)$format))
}
frames <- cf_load_many("old/*")

# 2. write.csv()'s column of row names is no data. What a CSV can't tell is said once.
frames$plots$size <- factor(frames$plots$size, c("small", "large"))

# 3. From now on types travel with the data, of a CSV in a schema beside it.
cf_save_many(frames[c("warpbreaks", "chicks")], "new/{name}.rds")
cf_save(frames$plots, "new/plots.csv")

cat("\nand from now on\n")
str(cf_load("new/plots.csv"))
same <- identical(cf_load_many("new/*.rds"), frames[c("chicks", "warpbreaks")])
cat("\nThe others are identical:", same, "\n")
