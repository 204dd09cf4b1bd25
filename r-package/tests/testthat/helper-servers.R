# S3 servers on this machine, started when a test first asks and ended with this process.

# The checkout that these tests lie in, or NULL: then they are those of a source package alone.
checkout <- function() {
  folder <- normalizePath(getwd())
  while (!file.exists(file.path(folder, "tests", "servers.py"))) {
    if (dirname(folder) == folder) {
      return(NULL)
    }
    folder <- dirname(folder)
  }
  folder
}

conformance <- function(...) {
  root <- checkout()
  testthat::skip_if(is.null(root), "not in a checkout")
  file.path(root, "tests", "conformance", ...)
}

# The Python that has the test servers.
test_python <- function() {
  root <- checkout()
  testthat::skip_if(is.null(root), "not in a checkout")
  python <- Sys.getenv(
    "CROSSFRAME_TEST_PYTHON",
    file.path(root, ".venv", "bin", "python")
  )
  testthat::skip_if_not(file.exists(python), "no Python with the test servers")
  python
}

running_servers <- new.env(parent = emptyenv())

# The environment variables by which to reach a server, "moto", "seaweedfs" or "seaweedfs-tls".
start_server <- function(kind) {
  if (!is.null(running_servers[[kind]])) {
    return(running_servers[[kind]])
  }
  python <- test_python()
  root <- checkout()
  port_file <- tempfile(kind)
  arguments <- c(
    file.path(root, "tests", "servers.py"),
    kind,
    "--port-file",
    port_file,
    "--parent",
    Sys.getpid()
  )
  # Why unset: R's own library path comes before the one that Python was built with.
  start <- c("-u", "LD_LIBRARY_PATH", python, arguments)
  system2("env", shQuote(start), wait = FALSE, stdout = FALSE, stderr = FALSE)
  for (waited in seq_len(1800)) {
    if (file.exists(port_file)) {
      break
    }
    Sys.sleep(0.1)
  }
  if (!file.exists(port_file)) {
    stop("The server ", kind, " did not start within three minutes.")
  }
  lines <- strsplit(readLines(port_file), "=", fixed = TRUE)
  values <- vapply(lines, function(line) paste(line[-1], collapse = "="), "")
  names(values) <- vapply(lines, `[`, "", 1)
  pid <- as.integer(values[["SERVER_PID"]])
  reg.finalizer(
    running_servers,
    function(env) tools::pskill(pid),
    onexit = TRUE
  )
  assign(kind, values[names(values) != "SERVER_PID"], envir = running_servers)
  running_servers[[kind]]
}

# Run code with these variables of the environment, and no other that says where S3 is.
with_env <- function(values, code) {
  s3 <- c(
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_S3_ENDPOINT",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY"
  )
  s3 <- c(
    s3,
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CA_BUNDLE",
    "AWS_PROFILE"
  )
  s3 <- c(
    s3,
    "AWS_DEFAULT_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "CROSSFRAME_ROOT"
  )
  all <- names(Sys.getenv())
  s3 <- c(s3, all[startsWith(all, "AWS_")])
  changed <- union(s3, names(values))
  old <- Sys.getenv(changed, unset = NA, names = TRUE)
  on.exit({
    Sys.unsetenv(changed)
    kept <- old[!is.na(old)]
    if (length(kept)) do.call(Sys.setenv, as.list(kept))
  })
  Sys.unsetenv(changed)
  # Why: no test reads the profiles of whoever runs it, or asks a cloud's metadata service.
  nowhere <- c(
    AWS_EC2_METADATA_DISABLED = "true",
    AWS_SHARED_CREDENTIALS_FILE = tempfile(),
    AWS_CONFIG_FILE = tempfile()
  )
  values <- c(values, nowhere[setdiff(names(nowhere), names(values))])
  do.call(Sys.setenv, as.list(values))
  force(code)
}

server_arguments <- function(server) {
  reached <- list(
    endpoint = server[["AWS_ENDPOINT_URL_S3"]],
    access_key = server[["AWS_ACCESS_KEY_ID"]],
    secret_key = server[["AWS_SECRET_ACCESS_KEY"]],
    region = server[["AWS_DEFAULT_REGION"]]
  )
  # A server that speaks TLS names the authority to trust.
  c(
    reached,
    if ("AWS_CA_BUNDLE" %in% names(server)) {
      list(verify = server[["AWS_CA_BUNDLE"]])
    }
  )
}

bucket_count <- 0

# A new bucket on a server, by a request made here, and its name.
new_bucket <- function(kind, versioned = FALSE) {
  server <- start_server(kind)
  bucket_count <<- bucket_count + 1
  bucket <- sprintf("bucket-%d-%d", Sys.getpid(), bucket_count)
  session <- do.call(s3_session, server_arguments(server))
  s3_send(session, list(method = "PUT", bucket = bucket))
  if (versioned) {
    s3_set_versioning(session, bucket)
  }
  bucket
}
