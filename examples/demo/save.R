# R saves three frames as with aws.s3: keys without an extension.
library(crossframe)
source("frames.R")

s3save(d, object = "foo/bar/baz/d")
s3save(e, object = "foo/bar/baz/e")
s3save(f, object = "foo/bar/baz/f")

cf_find("foo/bar/baz/*")[c("key", "size")]
