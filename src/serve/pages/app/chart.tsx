// A chart over time, drawn by uPlot in the colours of the page.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { timeOfDay } from "./format.ts";

export interface Series {
  readonly label: string;
  /** Name of a custom property of the style. */
  readonly color: string;
  /** null where there is nothing to show. */
  readonly values: readonly (number | null)[];
}

interface Props {
  /** What it shows, for whoever does not see it. */
  readonly label: string;
  /** s since 1970 */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** Areas instead of lines, the first one at the back. */
  readonly filled?: boolean;
}

const height = 200;

export function Chart({ label, times, series, format, filled = false }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data = [times, ...series.map((s) => s.values)] as unknown as uPlot.AlignedData;
  const names = series.map((s) => s.label).join();
  useEffect(() => {
    const box = holder.current;
    if (!box) return;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(box, series, format, filled), data, box);
    };
    draw();
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: box.clientWidth, height }));
    sizes.observe(box);
    scheme.addEventListener("change", draw);
    return () => {
      sizes.disconnect();
      scheme.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [names, filled]);
  useEffect(() => plot.current?.setData(data));
  return <div class="chart" ref={holder} role="img" aria-label={label} />;
}

function optionsOf(box: HTMLElement, series: readonly Series[], format: Props["format"], filled: boolean): uPlot.Options {
  const style = getComputedStyle(box);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color("--quiet"),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: box.clientWidth,
    height,
    legend: { show: false },
    padding: [8, 28, 0, 0],
    cursor: { drag: { x: false, y: false }, points: { show: !filled } },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(most ?? 0, 1e-3) * 1.08] } },
    axes: [
      { ...axis, values: (_, at) => at.map((s) => timeOfDay(s * 1000)), space: 90, size: 30, grid: { show: false } },
      { ...axis, values: (_, at) => at.map(format), size: 70, gap: 8 },
    ],
    series: [
      {},
      ...series.map(
        (s): uPlot.Series => ({
          label: s.label,
          stroke: color(s.color),
          width: filled ? 0 : 1.75,
          ...(filled && { fill: color(s.color) }),
          points: { show: false },
        }),
      ),
    ],
  };
}
