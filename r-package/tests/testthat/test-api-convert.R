on_roots(
  "what is converted stays the same data",
  kinds = c("folder", "moto"),
  function(kind) {
    cf_save(CO2, "co2.rds")
    saved <- cf_convert("co2.rds", "a/co2.csv.gz")
    expect_identical(saved$format, "csv")
    expect_identical(cf_load("a/co2.csv.gz"), CO2)
    cf_save(list(cars = cars, women = women), "both.RData")
    cf_convert("both.RData", "cars.csv", name = "cars")
    expect_identical(cf_load("cars.csv"), cars)
    cf_convert("both.RData", "again.RData")
    expect_identical(cf_load("again.RData"), list(cars = cars, women = women))
    expect_error(
      cf_convert("both.RData", "both.csv"),
      class = "crossframe_error"
    )
    expect_error(
      cf_convert("co2.rds", "cars.csv", overwrite = FALSE),
      class = "crossframe_error_object_exists"
    )
  }
)

on_roots("metadata is saved with the data, and told", function(kind) {
  cf_save(women, "cars.csv")
  cf_save(cars, "cars.csv", metadata = c(study = "42"))
  info <- cf_info("cars.csv")
  expect_identical(info$metadata, c(study = "42"))
  expect_identical(info$media_type, "text/csv")
  expect_identical(info$versions, 2L)
})
