// Texts whose contrast with what lies behind them is below WCAG AA, with the contrast they have.
() => {
  const parse = text => {
    const n = text.match(/[\d.]+/g).map(Number);
    const scale = text.startsWith('color(srgb') ? 255 : 1;
    return {r: n[0] * scale, g: n[1] * scale, b: n[2] * scale, a: n[3] ?? 1};
  };
  const mix = (top, below) => {
    const blend = name => top[name] * top.a + below[name] * (1 - top.a);
    return {r: blend('r'), g: blend('g'), b: blend('b'), a: 1};
  };
  const linear = v => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = c =>
    0.2126 * linear(c.r / 255) + 0.7152 * linear(c.g / 255) + 0.0722 * linear(c.b / 255);
  const ancestors = element => {
    const chain = [];
    for (let e = element; e; e = e.parentElement) chain.push(e);
    return chain;
  };
  const behind = element =>
    ancestors(element).reverse().reduce(
      (below, e) => mix(parse(getComputedStyle(e).backgroundColor), below),
      {r: 255, g: 255, b: 255, a: 1},
    );
  const shown = (element, text) => {
    const style = getComputedStyle(element);
    const skipped = 'style, script, [disabled], [data-testid=stIconMaterial]';
    return text && element.getBoundingClientRect().width
      && style.visibility !== 'hidden' && !element.closest(skipped);
  };
  const pale = new Set();
  const walk = document.createTreeWalker(document.querySelector('.stApp'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    const text = walk.currentNode.textContent.trim();
    if (!shown(element, text)) continue;
    const style = getComputedStyle(element);
    const colour = parse(element.closest('svg') ? style.fill : style.color);
    for (const e of ancestors(element)) colour.a *= Number(getComputedStyle(e).opacity);
    if (colour.a === 0) continue;
    const ground = behind(element);
    const lights = [luminance(mix(colour, ground)), luminance(ground)].sort((a, b) => b - a);
    const contrast = (lights[0] + 0.05) / (lights[1] + 0.05);
    const enough = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
    if (contrast < enough) pale.add(`${contrast.toFixed(2)} ${text.slice(0, 40)}`);
  }
  return [...pale];
}
