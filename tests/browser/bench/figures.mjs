// How figures are printed.

const quantile = (figures, share) =>
  figures.toSorted((a, b) => a - b)[Math.min(figures.length - 1, Math.floor(figures.length * share))];

export const milliseconds = (figure) => `${figure.toFixed(1)} ms`;

export const spread = (figures) =>
  `median ${milliseconds(quantile(figures, 0.5))}, p99 ${milliseconds(quantile(figures, 0.99))}, longest ${milliseconds(Math.max(...figures))}`;

export const line = (name, text) => console.log(`${name.padEnd(58)} ${text}`);

export const pause = (time) => new Promise((later) => setTimeout(later, time));
