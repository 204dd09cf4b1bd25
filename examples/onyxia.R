# On Onyxia, or with MinIO's variables, there is nothing to set up: a service starts with them in place,
# AWS_S3_ENDPOINT (a host), AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and
# AWS_DEFAULT_REGION. Your own bucket has your name.
library(crossframe)

found <- cf_doctor()
rows <- match(c("endpoint", "region", "credentials", "server"), found$check)
cat(
  sprintf(
    "%-12s %-42s %s\n",
    found$check[rows],
    found$value[rows],
    found$source[rows]
  ),
  sep = ""
)

cf_set_root(paste0("s3://", Sys.getenv("BUCKET")))
cf_save(data.frame(x = 1:2), "diffusion/shared.rds")
cat("\n")
print(cf_ls("diffusion/")[c("key", "size")], row.names = FALSE)

# Scripts written for aws.s3 run on: the region may be left open, the scheme is told by use_https.
listed <- get_bucket_df(Sys.getenv("BUCKET"), region = "", use_https = TRUE)
cat("\naws.s3's listing:", listed$Key, sep = "\n  ")
cat("\n")
