// A column at a glance, drawn small.

import { el, svg } from "./dom.js";
import { count } from "./format.js";

const WIDTH = 120;
const HEIGHT = 28;

export function chart(summary) {
  if (!summary) return el("div", { class: "chart" });
  return summary.kind === "histogram" ? histogram(summary) : top(summary);
}

function histogram({ counts, low, high }) {
  const most = Math.max(...counts, 1);
  const width = WIDTH / counts.length;
  const bars = counts.map((number, i) => {
    const height = number ? Math.max(1, (number / most) * HEIGHT) : 0;
    return svg("rect", { x: (i * width + 0.5).toFixed(2), y: (HEIGHT - height).toFixed(2), width: Math.max(0.5, width - 1).toFixed(2), height: height.toFixed(2) });
  });
  const label = `Histogram, from ${low} to ${high}`;
  return el("div", { class: "chart" }, drawing(label, bars), el("div", { class: "ends", title: label }, el("span", {}, low), el("span", {}, high)));
}

function top({ values, distinct, total }) {
  if (distinct === total && total > values.length) {
    const label = `${count(total)} values, all different`;
    const whole = svg("rect", { x: 0, y: 8, width: WIDTH, height: 12, class: "share-rest" });
    return el("div", { class: "chart" }, drawing(label, [whole]), el("div", { class: "ends" }, el("span", {}, "all different")));
  }
  let at = 0;
  const bars = values.map(([, number], i) => {
    const width = (number / total) * WIDTH;
    const bar = svg("rect", { x: at.toFixed(2), y: 8, width: Math.max(0.5, width - 1).toFixed(2), height: 12, class: `share-${i}` });
    at += width;
    return bar;
  });
  if (at < WIDTH - 1) bars.push(svg("rect", { x: at.toFixed(2), y: 8, width: (WIDTH - at).toFixed(2), height: 12, class: "share-rest" }));
  const told = values.map(([text, number]) => `${text === "" ? "(empty)" : text} ${Math.round((100 * number) / total)}%`).join(", ");
  const more = distinct > values.length ? `, ${count(distinct)} values in all` : "";
  return el("div", { class: "chart" }, drawing(`Most frequent: ${told}${more}`, bars), el("div", { class: "ends", title: told + more }, el("span", {}, told)));
}

function drawing(label, parts) {
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, preserveAspectRatio: "none" }, ...parts);
}
