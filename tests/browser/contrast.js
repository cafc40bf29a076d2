// The texts of our views that stand out too little from what is behind them, by WCAG 2.1's formula.
() => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  // Whatever notation a computed colour has, painting it tells its bytes.
  const over = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const [colour, opacity] of colours) {
      context.globalAlpha = opacity;
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((byte) => {
      const share = byte / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ancestors = (el) => (el === null ? [] : [...ancestors(el.parentElement), el]);
  const hasOwnText = (el) =>
    [...el.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== '');
  const all = [...document.querySelectorAll('.layerlab, .layerlab-status')].flatMap((root) => [
    root,
    ...root.querySelectorAll('*'),
  ]);
  const texts = all.filter(
    (el) => hasOwnText(el) && el.checkVisibility({ visibilityProperty: true }) && el.getClientRects().length > 0,
  );
  const judged = texts
    .filter((el) => !el.closest('button:disabled, svg, .react-flow__attribution, option'))
    .map((el) => {
      const around = ancestors(el);
      const style = getComputedStyle(el);
      const behind = around.map((parent) => [getComputedStyle(parent).backgroundColor, 1]);
      const background = over([['white', 1], ...behind]);
      const opacity = around.reduce((product, parent) => product * Number(getComputedStyle(parent).opacity), 1);
      const text = over([[`rgb(${background.join()})`, 1], [style.color, opacity]]);
      const [light, dark] = [luminance(text), luminance(background)].sort((a, b) => b - a);
      return {
        text: el.textContent.trim().slice(0, 40),
        place: `${el.tagName.toLowerCase()}.${el.className}`,
        ratio: (light + 0.05) / (dark + 0.05),
      };
    });
  return { count: judged.length, weak: judged.filter(({ ratio }) => ratio < 4.5) };
}
