// The format of the printed figures.

const quantile = (figures, share) =>
  figures.toSorted((a, b) => a - b)[Math.min(figures.length - 1, Math.floor(figures.length * share))];

export const milliseconds = (figure) => `${figure.toFixed(1)} ms`;

export const spread = (figures) => {
  const [median, p99] = [0.5, 0.99].map((share) => milliseconds(quantile(figures, share)));
  return `median ${median}, p99 ${p99}, longest ${milliseconds(Math.max(...figures))}`;
};

export const line = (name, text) => console.log(`${name.padEnd(58)} ${text}`);

export const pause = (time) => new Promise((later) => setTimeout(later, time));
