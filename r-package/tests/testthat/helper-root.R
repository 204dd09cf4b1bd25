# Run code with relative keys below a root, by default a new folder.
with_root <- function(code, root = tempfile("root-")) {
  old <- cf_set_root(root)
  on.exit(cf_set_root(old))
  force(code)
}

# Stores that need no server: what is above the stores is tested on these and on moto.
stores_at_hand <- function() {
  list(memory = cf_store_memory(), folder = tempfile("root-"))
}
