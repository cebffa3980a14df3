// For pages that embed the TensorRT-LLM memory calculator: sets the height of each frame, passes
// the page's theme on, and defines <trtllm-memory-calculator>. See docs/embedding.md. It runs as a
// classic script or as a module, and may be loaded several times.
(() => {
  "use strict";

  const SOURCE = "trtllm-memory";
  // The version of the messages.
  const VERSION = 1;
  // The version of links that attributes without one mean (VERSION in src/link/mod.rs).
  const LINK_VERSION = "2";
  const TAG = "trtllm-memory-calculator";
  const FRAMES = "iframe.trtllm-memory";
  const VIEW_OPTIONS = ["theme", "show", "knobs", "units", "readonly"];
  // The most bytes of the JSON of a message.
  const LONGEST = 16384;
  // The limits of the height of a frame, in CSS pixels.
  const LOWEST = 100;
  const HIGHEST = 5000;
  const FIRST_HEIGHT = 320;

  const loaded = Symbol.for("trtllm-memory-calculator");
  if (window[loaded]) return;
  window[loaded] = true;

  // The site that this file came from. A module has no current script.
  const isThis = (script) => /\/embed\.js$/.test(new URL(script.src).pathname);
  const script = document.currentScript ?? [...document.querySelectorAll("script[src]")].filter(isThis).pop();
  const site = script?.src ? new URL("./", script.src).href : new URL("./", document.baseURI).href;

  // Theme of this page

  const system = window.matchMedia("(prefers-color-scheme: dark)");

  // The theme that the switch of a documentation tool selects; null if there is no switch, or if it
  // follows the system.
  function switched() {
    const places = [document.documentElement, document.body].filter(Boolean);
    for (const place of places) {
      // MkDocs Material.
      const scheme = place.getAttribute("data-md-color-scheme");
      if (scheme) return /slate|dark/.test(scheme) ? "dark" : "light";
      // The pydata theme and Docusaurus have it on the root, Furo on the body.
      const theme = place.getAttribute("data-theme");
      if (theme === "light" || theme === "dark") return theme;
    }
    // mdBook.
    const classes = document.documentElement.classList;
    if (["coal", "navy", "ayu"].some((name) => classes.contains(name))) return "dark";
    if (["light", "rust"].some((name) => classes.contains(name))) return "light";
    return null;
  }

  const theme = () => switched() ?? (system.matches ? "dark" : "light");

  // Frames of this page

  // Frames in custom elements, which no selector finds.
  const inElements = new Set();
  // Frames that have sent a message.
  const known = new WeakSet();

  const frames = () => [...document.querySelectorAll(FRAMES), ...inElements];
  const originOf = (frame) => (URL.canParse(frame.src) ? new URL(frame.src).origin : null);
  const send = (frame, message) =>
    frame.contentWindow?.postMessage({ source: SOURCE, v: VERSION, ...message }, originOf(frame) ?? "*");

  // The theme that is fixed for a frame; null if it follows the page's.
  function fixedTheme(frame) {
    const { host } = frame.getRootNode();
    const asked = host ? host.getAttribute("theme") : new URL(frame.src, document.baseURI).searchParams.get("theme");
    return asked === "light" || asked === "dark" ? asked : null;
  }

  function passTheme(frame) {
    const fixed = fixedTheme(frame);
    const now = fixed ?? theme();
    // A frame is opaque if its color scheme differs from that of its element.
    frame.style.colorScheme = now;
    if (!fixed) send(frame, { set: "theme", value: now });
  }

  const passThemes = () => frames().filter((frame) => known.has(frame)).forEach(passTheme);

  function fit(frame, height) {
    const edges = getComputedStyle(frame).boxSizing === "border-box" ? frame.offsetHeight - frame.clientHeight : 0;
    frame.style.minHeight = "0";
    frame.style.height = `${Math.min(Math.max(Math.round(height), LOWEST), HIGHEST) + edges}px`;
  }

  // Whether data is a message of the protocol, within the size limit.
  function isMessage(data) {
    if (typeof data !== "object" || data === null || data.source !== SOURCE || data.v !== VERSION) return false;
    try {
      return new TextEncoder().encode(JSON.stringify(data)).length <= LONGEST;
    } catch {
      return false;
    }
  }

  function onMessage(event) {
    if (!event.source || !isMessage(event.data)) return;
    const frame = frames().find((frame) => frame.contentWindow === event.source);
    if (!frame || event.origin !== originOf(frame)) return;
    if (!known.has(frame)) {
      known.add(frame);
      passTheme(frame);
    }
    const { event: what, height, configuration, title } = event.data;
    if (what === "height" && Number.isFinite(height)) {
      fit(frame, height);
    } else if (what === "configuration" && typeof configuration === "string" && typeof title === "string") {
      const element = frame.getRootNode().host ?? frame;
      const change = new CustomEvent("configurationchange", { detail: { configuration, title }, bubbles: true });
      if (element.localName === TAG) element.receive(configuration, change);
      else element.dispatchEvent(change);
    }
  }

  window.addEventListener("message", onMessage);
  system.addEventListener("change", passThemes);

  function start() {
    const observer = new MutationObserver(passThemes);
    const options = { attributeFilter: ["class", "data-theme", "data-mode", "data-md-color-scheme"] };
    for (const place of [document.documentElement, document.body]) observer.observe(place, options);
    // Frames that sent their messages before this script listened send them again. Frames that are
    // not loaded yet do not receive this, and send them later.
    for (const frame of frames()) {
      frame.contentWindow?.postMessage({ source: SOURCE, v: VERSION, ask: "configuration" }, "*");
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();

  // Custom element

  // Attributes that have a meaning for every element, and are not settings.
  const NAMES =
    "id|class|style|title|lang|dir|hidden|slot|part|role|is|tabindex|translate|inert|src|loading|configuration";
  const GLOBAL = new RegExp(`^(${NAMES}|(data|aria)-.*|on.*)$`);

  // Escapes a value as the library does (push_escaped in src/link/mod.rs).
  function escaped(text) {
    return encodeURIComponent(text)
      .replace(/%(2F|3A|2C|40)/g, decodeURIComponent)
      .replace(/['()*]|[._~:,@!]$/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  }

  class Calculator extends HTMLElement {
    #frame = null;
    #configuration = null;
    #address = "";

    constructor() {
      super();
      const shadow = this.attachShadow({ mode: "open" });
      const style = new CSSStyleSheet();
      style.replaceSync(`
        :host { display: block }
        :host([hidden]) { display: none }
        iframe { display: block; width: 100%; border: 0 }
      `);
      shadow.adoptedStyleSheets = [style];
      const onChange = (changes) => this.#change(changes.map(({ attributeName }) => attributeName));
      new MutationObserver(onChange).observe(this, { attributes: true });
    }

    connectedCallback() {
      // The property may have been set before this script was loaded.
      if (Object.hasOwn(this, "configuration")) {
        const { configuration } = this;
        delete this.configuration;
        this.configuration = configuration;
      }
      this.#configuration ??= this.#written();
      this.#open();
    }

    disconnectedCallback() {
      this.#close();
    }

    /** The configuration as a link's fragment, without `#`. */
    get configuration() {
      return this.#configuration ?? this.#written();
    }

    set configuration(value) {
      this.#configuration = String(value).replace(/^#/, "");
      if (!this.#frame) return;
      if (known.has(this.#frame)) send(this.#frame, { set: "configuration", value: this.#configuration });
      else this.#frame.src = this.#source();
    }

    receive(configuration, change) {
      this.#configuration = configuration;
      this.dispatchEvent(change);
    }

    // The configuration that the attributes state.
    #written() {
      const link = this.getAttribute("configuration")?.replace(/^.*#/, "");
      const settings = new Map([["v", LINK_VERSION], ...new URLSearchParams(link)]);
      for (const { name, value } of this.attributes) {
        if (!GLOBAL.test(name) && !VIEW_OPTIONS.includes(name)) settings.set(name, value);
      }
      return [...settings].map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join("&");
    }

    // The address of the frame, without the configuration.
    #view() {
      const address = new URL("index.html", new URL(this.getAttribute("src") || site, document.baseURI));
      address.searchParams.set("embed", "1");
      for (const option of VIEW_OPTIONS) {
        const value = this.getAttribute(option);
        if (value === null) continue;
        address.searchParams.set(option, option === "readonly" && value !== "0" ? "1" : value);
      }
      return address.href;
    }

    #source() {
      // The first picture has the right theme.
      const address = new URL(this.#address);
      if (!["light", "dark"].includes(this.getAttribute("theme"))) address.searchParams.set("theme", theme());
      return `${address.href}#${this.#configuration}`;
    }

    #open() {
      const frame = document.createElement("iframe");
      this.#frame = frame;
      this.#address = this.#view();
      frame.title = this.title || "GPU memory of a TensorRT-LLM deployment";
      frame.allow = "clipboard-write";
      frame.loading = this.getAttribute("loading") === "eager" ? "eager" : "lazy";
      frame.style.height = `${FIRST_HEIGHT}px`;
      frame.style.colorScheme = fixedTheme(frame) ?? theme();
      frame.src = this.#source();
      inElements.add(frame);
      this.shadowRoot.replaceChildren(frame);
    }

    #close() {
      inElements.delete(this.#frame);
      this.#frame?.remove();
      this.#frame = null;
    }

    #change(names) {
      if (names.some((name) => name === "configuration" || (!GLOBAL.test(name) && !VIEW_OPTIONS.includes(name)))) {
        this.configuration = this.#written();
      }
      if (!this.#frame) return;
      if (names.includes("title")) this.#frame.title = this.title;
      if (this.#view() !== this.#address) {
        this.#close();
        this.#open();
      }
    }
  }

  if (!customElements.get(TAG)) customElements.define(TAG, Calculator);
})();
