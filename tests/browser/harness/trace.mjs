// Chromium's own trace of a page's main thread.

const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing"];
const MARK = "traced page";

// Returns the events of the page's main thread during `steps`, in order. The `parent` of an event
// is the event that contains it.
// Times are in microseconds: `ts` and `dur` on the clock, `own` in CPU time of this thread, without
// contained events. So `own` does not grow with the load of the machine.
export async function trace(page, steps) {
  const devtools = await page.context().browser().newBrowserCDPSession();
  const all = [];
  devtools.on("Tracing.dataCollected", ({ value }) => all.push(...value));
  await devtools.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: CATEGORIES, excludedCategories: ["*"] },
  });
  await page.evaluate((mark) => performance.mark(mark), MARK);
  await steps();
  const complete = new Promise((done) => devtools.once("Tracing.tracingComplete", done));
  await devtools.send("Tracing.end");
  await complete;
  await devtools.detach();
  const { pid, tid } = all.find(({ name }) => name === MARK);
  const events = all
    .filter((event) => event.pid === pid && event.tid === tid && event.ts)
    .sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  const open = [];
  for (const event of events) {
    while (open.length && open.at(-1).ts + open.at(-1).dur <= event.ts) open.pop();
    event.own = event.tdur ?? 0;
    event.parent = open.at(-1);
    if (event.parent) event.parent.own -= event.own;
    if (event.ph === "X") open.push(event);
  }
  return events;
}

// Yields the event and the events that contain it, from the inside out.
export function* around(event) {
  for (let at = event; at; at = at.parent) yield at;
}

export const isInput = ({ name, args }) => name === "EventDispatch" && args.data?.type === "input";
