# A collaborator who has only curl: a link to fetch a result, and one to send something back.
library(crossframe)

# For somebody without R or Python a plain CSV, without the schema beside it.
results <- data.frame(site = c("north", "south"), yield = c(4.25, 3.5))
cf_save(results, "for_anna/results.csv", schema = FALSE)

fetch <- cf_share("for_anna/results.csv", expires = "2d")
send <- cf_request("from_anna/counts.csv", expires = "2d")
until <- format(attr(fetch, "expires"), "%Y-%m-%d")
cat("Dear Anna, until", until, "this fetches our results:\n\n")
cat(sprintf(
  "  curl -o results.csv \"%s\"\n\nand this sends us your counts:\n",
  fetch
))
cat(sprintf("\n  curl --upload-file counts.csv \"%s\"\n\n", send))

# What Anna does, with no account and nothing of ours:
got <- system2("curl", c("-fsS", shQuote(fetch)), stdout = TRUE)
writeLines(c("Anna reads:", paste0("  ", got)))
answer <- c("site,count", "north,12", "south,7")
system2("curl", c("-fsS --upload-file -", shQuote(send)), input = answer)

cat("\nWe load:\n")
print(cf_load("from_anna/counts.csv"), row.names = FALSE)
