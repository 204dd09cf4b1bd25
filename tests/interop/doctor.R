# What cf_doctor() finds, as JSON; the first argument is where to probe.
probe <- commandArgs(trailingOnly = TRUE)
found <- crossframe::cf_doctor(if (length(probe)) probe)
cat(jsonlite::toJSON(as.data.frame(found), na = "null"))
