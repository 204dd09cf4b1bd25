# Loads again all that is found, by the keys that came back; prints the keys.
library(crossframe)

root <- Sys.getenv("CROSSFRAME_ROOT")
said <- function(what, keys) cat(what, paste(keys, collapse = " | "), "\n")

saved <- cf_save(data.frame(x = 1), "from/R.rds")
cf_save_many(
  list(p = data.frame(x = 2), q = data.frame(x = 3)),
  "many/R/{n}.csv"
)
said("saved", saved$key)

for (pattern in c("", "from/", "many/{by}/{n}.csv", "**/*.rds")) {
  found <- cf_find(pattern)$key
  said(paste0("found '", pattern, "'"), found)
  values <- vapply(found, function(key) cf_load(key)$x, 0)
  loaded <- cf_load_many(pattern, names = "key")
  stopifnot(
    identical(names(loaded), found),
    identical(vapply(loaded, function(frame) frame$x, 0), values)
  )
}
for (prefix in c("", "from", "many/")) {
  said(paste0("listed '", prefix, "'"), cf_ls(prefix)$key)
}

missing <- tryCatch(cf_load("from/R.csv"), error = identity)
said("hint", missing$hint)

whole <- cf_find(paste0(root, "/from/*"))$key
mine <- paste0(root, "/", saved$key)
stopifnot(
  identical(whole, paste0(root, "/", cf_find("from/*")$key)),
  identical(cf_load_many(paste0(root, "/from/*"))$R, cf_load(mine)),
  identical(cf_save(data.frame(x = 1), mine)$key, mine),
  identical(cf_save(data.frame(x = 1), saved$uri)$key, mine),
  identical(cf_info(mine)$key, mine),
  identical(cf_info(saved$key)$key, saved$key)
)
