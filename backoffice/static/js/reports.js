/* Reports: charts drawn of the very numbers that stand in the tables, pictures of them, full screen. */
(function () {
  "use strict";
  if (!window.echarts) return;

  const Backoffice = window.Backoffice;
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const percent = (value) => `${Math.round(value * 1000) / 10} %`;
  const drawn = new Map();

  /* A number as it stands in the table. */
  const written = (value, { percent: isShare, decimals }) => {
    if (!Number.isFinite(value)) return "—";
    const places = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    return isShare ? `${(value * 100).toLocaleString("en-US", places)} %` : value.toLocaleString("en-US", places);
  };

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
        tooltip: { valueFormatter: (value) => written(value, one) },
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

  const LABEL_PX = 150;
  const breadth = (name) => [...name].reduce((sum, one) => sum + (one > "⺀" ? 12 : 7), 0);

  const optionsOf = (chart, place, animation) => {
    const tones = {
      text: color("--text-3"), strong: color("--text"), line: color("--line"), muted: color("--text-3"),
      bad: color("--danger"), warm: color("--orange-dot"), surface: color("--surface"),
    };
    const second = chart.series.some((one) => one.second);
    const widest = Math.min(LABEL_PX, Math.max(0, ...chart.categories.map(breadth)));
    const crowded = chart.categories.length * (widest + 16) > place.clientWidth - 80;
    return {
      animation,
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
      },
      xAxis: {
        type: "category",
        data: chart.categories,
        axisLabel: { color: tones.text, rotate: crowded ? 38 : 0, hideOverlap: true, width: crowded ? 90 : LABEL_PX, overflow: "truncate" },
        axisLine: { lineStyle: { color: tones.line } },
      },
      yAxis: [axis(tones, {}), ...(second ? [axis(tones, { min: 0, max: 1, splitLine: { show: false }, axisLabel: { color: tones.text, formatter: percent } })] : [])],
      series: seriesOf(chart, tones),
    };
  };

  const moves = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  const draw = (frame, animation = moves) => {
    const chart = JSON.parse(frame.querySelector("script").textContent);
    const picture = drawn.get(frame) ?? window.echarts.init(frame.appendChild(document.createElement("div")), null, { renderer: "canvas" });
    picture.setOption(optionsOf(chart, frame, animation), true);
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
  const still = (frame) => draw(frame, false);
  const redraw = () => [...drawn.keys()].forEach(still);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });

  /* Paper is white, and shows what is there at once. */
  window.addEventListener("beforeprint", () => {
    const dark = document.getElementById("dark-style");
    const media = dark?.media;
    if (dark) dark.media = "not all";
    document.querySelectorAll("[data-chart]").forEach(still);
    if (dark) dark.media = media;
  });
  window.addEventListener("afterprint", redraw);

  const save = (picture, name) => {
    const link = document.createElement("a");
    link.href = picture.getDataURL({ pixelRatio: 2, backgroundColor: color("--surface") });
    link.download = `${name}.png`;
    link.click();
  };

  const savePictures = (section) => {
    const frames = [...section.querySelectorAll("[data-chart]")];
    const name = section.querySelector("h2").textContent.trim();
    frames.forEach((frame, at) => {
      still(frame);
      save(drawn.get(frame), frames.length > 1 ? `${name} ${at + 1}` : name);
    });
  };

  const wire = (section) => {
    const full = section.querySelector("[data-full]");
    if (full) full.hidden = !document.fullscreenEnabled;
    full?.addEventListener("click", () =>
      document.fullscreenElement ? document.exitFullscreen() : section.requestFullscreen(),
    );
    section.querySelector("[data-picture]")?.addEventListener("click", () => savePictures(section));
  };

  /* Brings the sections of a page, or of what was put into it since, to life. */
  const within = (root, css) => [...(root.matches?.(css) ? [root] : []), ...root.querySelectorAll(css)];
  const show = (root) => {
    within(root, "[data-chart]").forEach((frame) => watcher.observe(frame));
    within(root, "[data-report-section]").forEach(wire);
  };
  show(document);

  const offerAgain = (body, place, again) => {
    const said = document.createElement("p");
    const button = document.createElement("button");
    said.className = "muted";
    said.setAttribute("role", "alert");
    said.textContent = place.dataset.refused;
    button.type = "button";
    button.className = "btn btn-small";
    button.textContent = place.dataset.again;
    button.addEventListener("click", again);
    body.replaceChildren(said, button);
  };

  /* Fetches what belongs into a place; what does not come, or is another page, can be fetched again. */
  const load = async (place, body, { url, mark, put }) => {
    body.setAttribute("aria-busy", "true");
    try {
      const answer = await Backoffice.fetch(url, { headers: { Accept: "text/html" } });
      const brought = document.createElement("template");
      brought.innerHTML = answer.ok ? await answer.text() : "";
      if (!brought.content.querySelector(mark)) throw new Error(answer.status);
      put(brought.content);
    } catch {
      offerAgain(body, place, () => load(place, body, { url, mark, put }));
    }
    body.removeAttribute("aria-busy");
  };

  /* Of a long report what comes later is fetched when one gets near it. */
  const fetchSection = (place) =>
    load(place, place.querySelector(".report-body"), {
      url: place.dataset.reportLater,
      mark: "[data-report-section]",
      put: (brought) => {
        const section = brought.querySelector("[data-report-section]");
        place.replaceWith(section);
        show(section);
      },
    });

  const coming = new IntersectionObserver(
    (entries) => entries.filter((one) => one.isIntersecting).forEach(({ target }) => {
      coming.unobserve(target);
      fetchSection(target);
    }),
    { rootMargin: "900px" },
  );
  document.querySelectorAll("[data-report-later]").forEach((section) => coming.observe(section));

  /* Tiles of the start page come by themselves, each when it is worked out. */
  document.querySelectorAll("[data-report-tile]").forEach((tile) => {
    const body = tile.querySelector(".report-tile-body");
    load(tile, body, {
      url: tile.dataset.reportTile,
      mark: ".report-tile-note",
      put: (brought) => {
        body.replaceChildren(brought);
        show(body);
      },
    });
  });

  /* The whole of a long report was opened to be printed. */
  if (window.location.hash === "#print") {
    window.addEventListener("load", () => {
      window.history.replaceState(null, "", window.location.pathname + window.location.search);
      window.print();
    });
  }
  window.Reports = { show };
})();
