// The memory use of a page.

// Counts the nodes of a tree, including those that the browser adds to controls and styles.
function count(node) {
  const lists = ["children", "shadowRoots", "pseudoElements"].flatMap((list) => node[list] ?? []);
  const single = [node.templateContent, node.contentDocument].filter(Boolean);
  return [...lists, ...single].reduce((sum, part) => sum + count(part), 1);
}

// Measures a page of this context after garbage collection. `kept` counts the nodes outside its
// documents.
export async function meter(page, context) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable");
  return async () => {
    // Finalizers that run after a collection release objects for the next one.
    for (const _ of [1, 2, 3]) await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    const of = (name) => metrics.find((metric) => metric.name === name).value;
    await devtools.send("DOM.enable", { includeWhitespace: "all" });
    const { root } = await devtools.send("DOM.getDocument", { depth: -1, pierce: true });
    await devtools.send("DOM.disable");
    const shown = count(root);
    return { heap: of("JSHeapUsedSize"), kept: of("Nodes") - shown, shown, listeners: of("JSEventListeners") };
  };
}
