library(testthat)
library(crossframe)

test_check("crossframe")
