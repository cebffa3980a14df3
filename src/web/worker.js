// Starts the program that answers the page's questions. Both files are asked for with the page's own version.
importScripts(`answers.js${location.search}`);
wasm_bindgen({ module_or_path: `answers_bg.wasm${location.search}` });
