# Arguments: save, or load with the keys expected. Many keys as aws.s3's users write and read them; the root is
# CROSSFRAME_ROOT.
suppressPackageStartupMessages(library(crossframe))

arguments <- commandArgs(TRUE)
bucket <- sub("^s3://([^/]+).*$", "\\1", Sys.getenv("CROSSFRAME_ROOT"))
if (arguments[[1]] == "save") {
  d <- data.frame(x = 1:3)
  e <- data.frame(g = factor(c("b", "a")), t = as.Date("2024-05-01") + 0:1)
  f <- data.frame(y = c(0.5, NA))
  for (name in c("d", "e", "f")) {
    do.call(
      s3save,
      list(
        as.name(name),
        object = paste0("foo/bar/baz/", name),
        bucket = bucket
      )
    )
  }
} else {
  listed <- get_bucket_df(bucket)
  matched <- listed$Key[grep("^foo/bar/baz/", listed$Key)]
  session <- new.env()
  for (match in matched) {
    s3load(object = match, bucket = bucket, envir = session)
  }
  cat(sort(ls(session)), sep = "\n")
}
