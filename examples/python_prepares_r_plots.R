# R plots what python_prepares_r_plots.py saved; the plot goes to where the data are.
library(crossframe)

pots <- cf_load("growth/pots.rds")
print(pots[c(1, 7), ], row.names = FALSE)

draw <- function(pots, file) {
  pdf(file, width = 7, height = 4)
  on.exit(dev.off())
  plot(
    height ~ seen,
    pots,
    col = treatment,
    pch = 19,
    xlab = "",
    ylab = "height (cm)"
  )
  known <- levels(pots$treatment)
  legend("topleft", known, col = seq_along(known), pch = 19, bty = "n")
}
plotted <- cf_write_using(draw, pots, "growth/pots.pdf")
cat("Plotted", sum(!is.na(pots$height)), "points to", plotted$key, "\n")
