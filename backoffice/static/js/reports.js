/* Reports: charts drawn of the very numbers that stand in the tables, pictures of them, full screen. */
(function () {
  "use strict";
  if (!window.echarts) return;

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const percent = (value) => `${Math.round(value * 1000) / 10} %`;
  const drawn = new Map();

  const SHAPES = {
    bar: (chart) => ({ type: "bar", barMaxWidth: 46, barCategoryGap: chart.kind === "histogram" ? "2%" : "35%" }),
    line: () => ({ type: "line", symbolSize: 7, showAllSymbol: true, z: 4 }),
    limit: () => ({ type: "line", symbol: "none", z: 2 }),
    target: () => ({ type: "line", symbol: "none", z: 2 }),
    points: () => ({ type: "scatter", symbolSize: 11, z: 5 }),
  };

  const styleOf = (series, at, tones) => {
    if (series.draw === "limit") {
      return { color: at === 1 ? tones.muted : tones.bad, type: at === 1 ? "solid" : "dashed", width: 1.25 };
    }
    if (series.draw === "target") return { color: tones.warm, type: "dashed", width: 1.5 };
    return { width: 2 };
  };

  const seriesOf = (chart, tones) =>
    chart.series.map((one, at) => {
      const tone = one.second ? tones.strong : one.draw === "points" ? tones.bad : one.draw === "limit" ? styleOf(one, at, tones).color : undefined;
      return {
        ...SHAPES[one.draw](chart),
        name: one.name,
        stack: chart.kind === "stacked" && one.draw === "bar" ? "all" : undefined,
        yAxisIndex: one.second ? 1 : 0,
        itemStyle: tone ? { color: tone } : undefined,
        lineStyle: styleOf(one, at, tones),
        connectNulls: false,
        data: one.data.map((value, index) =>
          at === 0 && chart.tones[index] ? { value, itemStyle: { color: tones[chart.tones[index]] } } : value,
        ),
      };
    });

  const axis = (tones, more) => ({
    type: "value",
    axisLabel: { color: tones.text },
    splitLine: { lineStyle: { color: tones.line } },
    ...more,
  });

  const optionsOf = (chart) => {
    const tones = {
      text: color("--text-3"), strong: color("--text"), line: color("--line"), muted: color("--text-3"),
      bad: color("--danger"), warm: color("--orange-dot"), surface: color("--surface"),
    };
    const second = chart.series.some((one) => one.second);
    const crowded = chart.categories.length > 8 || chart.categories.some((name) => name.length > 6);
    return {
      animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      color: [color("--blue-dot"), color("--green-dot"), color("--purple-dot"), color("--teal-dot")],
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
      legend: { top: 0, textStyle: { color: tones.text }, type: "scroll" },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        backgroundColor: tones.surface,
        borderColor: tones.line,
        textStyle: { color: tones.strong },
        valueFormatter: (value) => (value === null || value === undefined ? "—" : value.toLocaleString()),
      },
      xAxis: {
        type: "category",
        data: chart.categories,
        axisLabel: { color: tones.text, rotate: crowded ? 38 : 0, hideOverlap: true, width: 90, overflow: "truncate" },
        axisLine: { lineStyle: { color: tones.line } },
      },
      yAxis: [axis(tones, {}), ...(second ? [axis(tones, { min: 0, max: 1, splitLine: { show: false }, axisLabel: { color: tones.text, formatter: percent } })] : [])],
      series: seriesOf(chart, tones),
    };
  };

  const draw = (frame) => {
    const chart = JSON.parse(frame.querySelector("script").textContent);
    const picture = drawn.get(frame) ?? window.echarts.init(frame.appendChild(document.createElement("div")), null, { renderer: "canvas" });
    picture.setOption(optionsOf(chart), true);
    if (!drawn.has(frame)) {
      picture.on("click", (event) => {
        const url = chart.urls[event.dataIndex];
        if (url) window.location.assign(url);
      });
      new ResizeObserver(() => picture.resize()).observe(frame);
    }
    drawn.set(frame, picture);
    frame.dataset.drawn = "yes";
  };

  const watcher = new IntersectionObserver(
    (entries) => entries.filter((one) => one.isIntersecting).forEach((one) => {
      watcher.unobserve(one.target);
      draw(one.target);
    }),
    { rootMargin: "400px" },
  );
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach((_picture, frame) => draw(frame)));
  window.addEventListener("beforeprint", () =>
    [...document.querySelectorAll("[data-chart]")].filter((frame) => !drawn.has(frame)).forEach(draw),
  );

  const wire = (section) => {
    section.querySelector("[data-full]")?.addEventListener("click", () =>
      document.fullscreenElement ? document.exitFullscreen() : section.requestFullscreen(),
    );
    section.querySelector("[data-picture]")?.addEventListener("click", () => {
      const frame = section.querySelector("[data-chart]");
      if (!drawn.has(frame)) draw(frame);
      const link = document.createElement("a");
      link.href = drawn.get(frame).getDataURL({ pixelRatio: 2, backgroundColor: color("--surface") });
      link.download = `${section.querySelector("h2").textContent.trim()}.png`;
      link.click();
    });
  };

  /* Brings the sections of a page, or of what was put into it since, to life. */
  const within = (root, css) => [...(root.matches?.(css) ? [root] : []), ...root.querySelectorAll(css)];
  const show = (root) => {
    within(root, "[data-chart]").forEach((frame) => watcher.observe(frame));
    within(root, "[data-report-section]").forEach(wire);
  };
  show(document);

  /* Of a long report what comes later is fetched when one gets near it. */
  const coming = new IntersectionObserver(
    (entries) => entries.filter((one) => one.isIntersecting).forEach(async ({ target }) => {
      coming.unobserve(target);
      try {
        const answer = await fetch(target.dataset.reportLater, { headers: { Accept: "text/html" } });
        if (!answer.ok) throw new Error(answer.status);
        const place = document.createElement("div");
        place.innerHTML = await answer.text();
        const section = place.querySelector("[data-report-section]");
        target.replaceWith(section);
        show(section);
      } catch {
        target.querySelector(".report-body").textContent = target.dataset.refused;
      }
    }),
    { rootMargin: "900px" },
  );
  document.querySelectorAll("[data-report-later]").forEach((section) => coming.observe(section));

  /* Tiles of the start page come by themselves, each when it is worked out. */
  document.querySelectorAll("[data-report-tile]").forEach(async (tile) => {
    const body = tile.querySelector(".report-tile-body");
    try {
      const answer = await fetch(tile.dataset.reportTile, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.status);
      body.innerHTML = await answer.text();
      show(body);
    } catch {
      body.textContent = tile.dataset.refused;
    }
    body.removeAttribute("aria-busy");
  });
  window.Reports = { show };
})();
