# Runs tests/conformance/frames: what cf_load() gives is identical to what the JSON beside each file says.

# The environment of a formula is not told in JSON.
without_environments <- function(frame) {
  for (name in names(attributes(frame))) {
    if (inherits(attr(frame, name), "formula")) {
      attr(attr(frame, name), ".Environment") <- NULL
    }
  }
  frame
}

test_that("every file holds what its JSON says", {
  skip_if_not_installed("bit64")
  folder <- conformance("frames")
  for (path in list.files(folder, "[.]json$", full.names = TRUE)) {
    said <- jsonlite::fromJSON(path, simplifyVector = FALSE)
    expected <- read_frame(said)
    for (file in said$files) {
      loaded <- without_environments(cf_load(file.path(folder, file)))
      expect_true(
        identical(loaded, expected, attrib.as.set = TRUE),
        label = file
      )
    }
  }
})
