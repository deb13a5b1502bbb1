// Numbers as people read them: what chainnet/words/_numbers.py says, word for word, in a page. Tests hold both to it.
const WORDS = (() => {
  const DUST = 1e-9, LEAST = 0.1, FIGURES = 3, HALF_UP = 1 + 1e-9, CERTAIN = 1e-6;
  const MINUS = "\u2212", NBSP = "\u00a0", NO_DATA = "n/d", NO_LIMIT = "no limit";
  const power = (size) => Number(size.toExponential().split("e")[1]);
  const decimals = (size, most) => size.toLocaleString("en-US", { maximumFractionDigits: most, useGrouping: true });
  const isMissing = (value) => value === null || value === undefined || Number.isNaN(value);

  // three significant figures, thousands by comma, halves up; what lies below `least` is said to be so
  const number = (value, least = LEAST) => {
    if (isMissing(value)) return NO_DATA;
    const size = Math.abs(value);
    if (size === Infinity) return NO_LIMIT;
    if (size <= DUST) return "0";
    if (size < least) return (value > 0 ? "<" : ">" + MINUS) + least;
    const step = Math.pow(10, power(size) - FIGURES + 1), rounded = Math.floor(size / step * HALF_UP + 0.5) * step;
    return (value < 0 ? MINUS : "") + decimals(rounded, Math.max(FIGURES - 1 - power(rounded), 0));
  };

  const tonnes = (value, blank = NBSP) => {
    const text = number(value);
    return text === NO_DATA || text === NO_LIMIT ? text : text + blank + "t/yr";
  };

  // whole from 10 up, one decimal below; only what is nothing or all reads 0 or 100
  const percent = (share, blank = NBSP) => {
    if (isMissing(share)) return NO_DATA;
    const x = 100 * share, size = Math.abs(x) * HALF_UP;
    let shown = size < 9.95 ? size.toFixed(1).replace(/\.0$/, "") : size.toFixed(0);
    if (Math.abs(x) <= DUST) return "0" + blank + "%";
    if (x > 0 && x < LEAST) shown = "<" + LEAST;
    else if (x >= 99.5 && x < 100 - DUST) shown = x > 99.9 ? ">99.9" : (Math.floor(x * 10) / 10).toFixed(1);
    else if (x > 100 * (1 + CERTAIN) && x < 100.5 + DUST) shown = x >= 100.05 ? (x * HALF_UP).toFixed(1) : ">100";
    return (x < 0 ? MINUS : "") + shown + blank + "%";
  };

  // what came to it or went from it, with its sign
  const change = (value, blank = NBSP) => (value > DUST ? "+" : "") + tonnes(value, blank);

  const count = (value) => isMissing(value) ? NO_DATA : decimals(value, 0);

  // how far two proofs lie apart, or a breach: the one number that is a power of ten
  const gap = (value) => value ? value.toExponential(1).replace(/e([+-])(\d)$/, "e$10$2") : "0";

  return { number, tonnes, percent, change, count, gap };
})();
