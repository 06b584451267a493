/* The workflow designer's picture, drawn from what the server placed; boxes and lines lead to their parts. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const W = Editor.workflow;
  const NS = "http://www.w3.org/2000/svg";
  const ROOM = 134;

  const s = function (tag, attributes = {}, ...children) {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };

  const widthOf = (text) => [...text].reduce((sum, one) => sum + (one.codePointAt(0) > 0x2e7f ? 13 : 7), 0);

  /* At most two lines that fit into a box. */
  const wrap = function (text, room) {
    const lines = [""];
    for (const piece of text.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+/g) || []) {
      const last = lines.length - 1;
      if (!lines[last] || widthOf(lines[last] + piece.trimEnd()) <= room) lines[last] += piece;
      else lines.push(piece);
    }
    return lines.length > 2 ? [lines[0], `${lines[1].trimEnd().slice(0, -1)}…`] : lines;
  };

  const press = (run) => ({ onclick: run, onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); run(); } } });

  const box = function (node, go) {
    const lines = wrap(node.label, ROOM);
    const middle = node.y + node.h / 2;
    const text = s("text", { x: node.x + node.w / 2, y: middle, "text-anchor": "middle" },
      ...lines.map((line, index) => s("tspan", { x: node.x + node.w / 2, y: middle + 5 + (index - (lines.length - 1) / 2) * 16 }, document.createTextNode(line.trim()))));
    return s("g", { class: `wf-node wf-${node.color} wf-${node.category}${W.selected === node.key ? " is-selected" : ""}`, tabindex: 0, role: "button", "aria-label": node.label, ...press(() => go(`workflow.states.${node.key}`)) },
      s("title", {}, document.createTextNode(node.label)),
      s("rect", { x: node.x, y: node.y, width: node.w, height: node.h, rx: 8 }), text);
  };

  const line = function (edge, go) {
    const [x, y] = edge.label_at;
    const name = edge.labels.join(" / ");
    const short = wrap(name, 100)[0].trim() + (widthOf(name) > 100 ? "…" : "");
    const points = edge.points.map((point) => point.join(",")).join(" ");
    return s("g", { class: `wf-edge${edge.back ? " is-back" : ""}${edge.by.every((by) => by === "person") ? "" : " is-automatic"}`, ...press(() => go(`workflow.transitions.${edge.transitions[0]}`)) },
      s("title", {}, document.createTextNode(name)),
      s("polyline", { class: "wf-hit", points }),
      s("polyline", { class: "wf-line", points, "marker-end": "url(#wf-arrow)" }),
      edge.everywhere ? "" : s("text", { x, y: y - 5, "text-anchor": "middle" }, document.createTextNode(short)));
  };

  W.drawDiagram = function (place, diagram, go) {
    if (!diagram?.nodes.length) {
      place.replaceChildren();
      return;
    }
    const svg = s("svg", { class: "wf-svg", viewBox: `0 0 ${diagram.width} ${diagram.height}`, width: diagram.width, height: diagram.height, role: "group", "aria-label": Editor.t("diagram") },
      s("defs", {}, s("marker", { id: "wf-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, s("path", { d: "M0 0 8 4 0 8z" }))),
      ...diagram.edges.map((edge) => line(edge, go)),
      ...diagram.nodes.map((node) => box(node, go)));
    place.replaceChildren(svg);
  };
})();
