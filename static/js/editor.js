/*
 * The page on which templates are written. Without this file every text is a plain textarea that
 * is saved all the same; with it the textarea stays as the form's field and follows the editor.
 */
(() => {
  "use strict";
  const { extensions, chooseField, chooseCondition, chooseLink, choosePicture } = window.BpiEditor;
  const form = document.getElementById("template");
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const isLetter = Boolean(document.getElementById("picture-dialog"));
  const editors = new Map(); // by textarea

  // --- what the buttons do -------------------------------------------------------------------
  const commands = {
    bold: (chain) => chain.toggleBold(),
    italic: (chain) => chain.toggleItalic(),
    underline: (chain) => chain.toggleUnderline(),
    heading2: (chain) => chain.toggleHeading({ level: 2 }),
    heading3: (chain) => chain.toggleHeading({ level: 3 }),
    bullets: (chain) => chain.toggleBulletList(),
    numbers: (chain) => chain.toggleOrderedList(),
    quote: (chain) => chain.toggleBlockquote(),
    table: (chain) => chain.insertTable({ rows: 3, cols: 2, withHeaderRow: true }),
    addRow: (chain) => chain.addRowAfter(),
    deleteRow: (chain) => chain.deleteRow(),
    addColumn: (chain) => chain.addColumnAfter(),
    deleteColumn: (chain) => chain.deleteColumn(),
    deleteTable: (chain) => chain.deleteTable(),
    undo: (chain) => chain.undo(),
    redo: (chain) => chain.redo(),
  };
  const active = {
    bold: ["bold"],
    italic: ["italic"],
    underline: ["underline"],
    heading2: ["heading", { level: 2 }],
    heading3: ["heading", { level: 3 }],
    bullets: ["bulletList"],
    numbers: ["orderedList"],
    quote: ["blockquote"],
    link: ["link"],
  };
  const asking = {
    async field(editor) {
      const path = await chooseField();
      if (path) editor.chain().focus().insertContent({ type: "field", attrs: { path } }).run();
      else editor.commands.focus();
    },
    async link(editor) {
      const href = await chooseLink(editor.getAttributes("link").href || "");
      const chain = editor.chain().focus().extendMarkRange("link");
      if (href === "") chain.unsetMark("link").run();
      else if (href) {
        if (editor.state.selection.empty && !editor.isActive("link")) {
          chain.insertContent({ type: "text", text: href.replace(/^mailto:/, ""), marks: [{ type: "link", attrs: { href } }] }).run();
        } else chain.setMark("link", { href }).run();
      } else editor.commands.focus();
    },
    async picture(editor) {
      const attrs = await choosePicture();
      if (attrs) editor.chain().focus().insertContent({ type: "picture", attrs }).run();
      else editor.commands.focus();
    },
    condition: askCondition,
  };

  /** Change the condition that the cursor is in, or put one around what is marked. */
  async function askCondition(editor) {
    const around = blockAround(editor.state);
    const inWords = editor.isActive("sometimes");
    const now = inWords ? editor.getAttributes("sometimes") : around?.node.attrs;
    const { empty, $from, $to } = editor.state.selection;
    const canMark = !empty && $from.sameParent($to) && $from.parent.isTextblock;
    const answer = await chooseCondition({
      now,
      canMark,
      scope: inWords || (!now && canMark) ? "words" : "paragraphs",
      otherwise: Boolean(around && !inWords && hasOtherwise(around.node)),
    });
    if (!answer) return editor.commands.focus();
    if (inWords) return changeWords(editor, answer);
    if (around) return changeBlock(editor, around, answer);
    const { field, operator, value, scope, otherwise } = answer;
    const attrs = { field, operator, value };
    if (scope === "words") return editor.chain().focus().setMark("sometimes", attrs).run();
    editor.chain().focus().wrapIn("condition", attrs).run();
    const made = blockAround(editor.state);
    if (made && otherwise) changeBlock(editor, made, answer);
    return true;
  }

  function changeWords(editor, answer) {
    const chain = editor.chain().focus().extendMarkRange("sometimes");
    if (answer === "remove") return chain.unsetMark("sometimes").run();
    const { field, operator, value } = answer;
    return chain.setMark("sometimes", { field, operator, value }).run();
  }

  /** Write a block anew: with other attributes, with or without its other words, or unwrapped. */
  function changeBlock(editor, { node, pos }, answer) {
    const { schema, tr } = editor.state;
    const inner = [];
    node.forEach((child) => inner.push(child));
    const had = hasOtherwise(node);
    const first = had ? inner.slice(0, -1) : inner;
    let made;
    if (answer === "remove") made = first;
    else {
      const { field, operator, value, otherwise } = answer;
      const empty = schema.nodes.otherwise.create(null, schema.nodes.paragraph.create());
      const last = otherwise ? [had ? inner.at(-1) : empty] : [];
      made = [schema.nodes.condition.create({ field, operator, value }, [...first, ...last])];
    }
    tr.replaceWith(pos, pos + node.nodeSize, made);
    editor.view.dispatch(tr);
    return editor.commands.focus(pos + 2);
  }

  const hasOtherwise = (node) => node.lastChild?.type.name === "otherwise";

  function blockAround({ selection }) {
    if (selection.node?.type.name === "condition") return { node: selection.node, pos: selection.from };
    for (let depth = selection.$from.depth; depth > 0; depth -= 1) {
      const node = selection.$from.node(depth);
      if (node.type.name === "condition") return { node, pos: selection.$from.before(depth) };
    }
    return null;
  }

  // --- one editor for each text --------------------------------------------------------------
  function edit(area) {
    const box = document.createElement("div");
    box.className = "editor";
    const toolbar = find("#editor-toolbar").content.firstElementChild.cloneNode(true);
    const place = document.createElement("div");
    box.append(toolbar, place);
    area.after(box);
    area.hidden = true;
    const label = find(`label[for="${area.id}"]`);
    label.id = `${area.id}-label`;
    const errors = area.getAttribute("aria-describedby");
    const editor = new Tiptap.Editor({
      element: place,
      extensions: extensions(isLetter),
      content: area.value,
      injectCSS: false,
      editorProps: {
        attributes: {
          role: "textbox",
          "aria-multiline": "true",
          "aria-labelledby": label.id,
          ...(errors && { "aria-describedby": errors }),
          ...(area.getAttribute("aria-invalid") && { "aria-invalid": "true" }),
          lang: area.lang,
          spellcheck: "true",
        },
        handleKeyDown: (_view, event) => {
          if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === "f") {
            event.preventDefault();
            asking.field(editor);
            return true;
          }
          return false;
        },
      },
      onUpdate: () => {
        area.value = editor.isEmpty ? "" : editor.getHTML();
        area.dispatchEvent(new Event("input", { bubbles: true }));
      },
      onTransaction: () => show(editor, toolbar),
    });
    label.addEventListener("click", () => editor.commands.focus());
    box.addEventListener("condition", () => asking.condition(editor));
    use(toolbar, editor);
    show(editor, toolbar);
    editors.set(area, editor);
  }

  function use(toolbar, editor) {
    const buttons = () => all("button", toolbar).filter((button) => button.offsetParent !== null);
    for (const [place, button] of all("button", toolbar).entries()) button.tabIndex = place ? -1 : 0;
    toolbar.addEventListener("mousedown", (event) => event.preventDefault()); // the text keeps the focus
    toolbar.addEventListener("click", (event) => {
      const what = event.target.closest("button")?.dataset.do;
      if (asking[what]) asking[what](editor);
      else if (commands[what]) commands[what](editor.chain().focus()).run();
    });
    toolbar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const row = buttons();
      const next = row[(row.indexOf(document.activeElement) + step + row.length) % row.length];
      for (const button of all("button", toolbar)) button.tabIndex = button === next ? 0 : -1;
      next.focus();
    });
  }

  /** Show in the toolbar where the cursor is. */
  function show(editor, toolbar) {
    for (const [what, asked] of Object.entries(active)) {
      find(`[data-do="${what}"]`, toolbar)?.setAttribute("aria-pressed", String(editor.isActive(...asked)));
    }
    const isIf = editor.isActive("sometimes") || blockAround(editor.state) !== null;
    find('[data-do="condition"]', toolbar).setAttribute("aria-pressed", String(isIf));
    find(".in-table", toolbar).hidden = !editor.isActive("table");
  }

  /** A subject is a line of plain text: fields are written into it as {{ path }}. */
  function editLine(input) {
    const button = find("#editor-line").content.firstElementChild.cloneNode(true);
    const row = document.createElement("div");
    row.className = "line";
    input.after(row);
    row.append(input, button);
    button.addEventListener("click", async () => {
      const path = await chooseField();
      input.focus();
      if (!path) return;
      input.setRangeText(`{{ ${path} }}`, input.selectionStart, input.selectionEnd, "end");
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  // --- languages -----------------------------------------------------------------------------
  const tabs = all("[role=tab]", form);
  const panels = all("[data-texts]", form);

  function speak(language) {
    for (const tab of tabs) {
      const chosen = tab.dataset.language === language;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    for (const panel of panels) panel.hidden = panel.dataset.texts !== language;
    const asked = find("#preview-language");
    if (asked && asked.value !== language) {
      asked.value = language;
      preview();
    }
  }
  for (const panel of panels) {
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${panel.dataset.texts}`);
  }
  for (const [place, tab] of tabs.entries()) {
    tab.addEventListener("click", () => speak(tab.dataset.language));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = tabs[(place + step + tabs.length) % tabs.length];
      speak(next.dataset.language);
      next.focus();
    });
  }

  // --- preview -------------------------------------------------------------------------------
  const PAUSE_MS = 700;
  let waiting = 0;
  const shown = find("#preview");
  function preview() {
    if (shown) htmx.trigger(shown, "preview");
  }
  function previewSoon() {
    clearTimeout(waiting);
    waiting = setTimeout(preview, PAUSE_MS);
  }
  shown?.addEventListener("htmx:beforeRequest", () => shown.setAttribute("aria-busy", "true"));
  shown?.addEventListener("htmx:afterRequest", () => shown.setAttribute("aria-busy", "false"));

  // --- what was written and not saved --------------------------------------------------------
  const key = form.dataset.draft;
  const version = Number(form.dataset.version) || 0;
  const SKIPPED = new Set(["csrfmiddlewaretoken", "expected_version", "kind", "customer", "language", "export"]);
  const note = find("#draft");

  function written() {
    const data = [...new FormData(form)].filter(([name]) => !SKIPPED.has(name));
    return Object.fromEntries(data);
  }
  function kept() {
    try {
      const draft = JSON.parse(localStorage.getItem(key));
      return draft && draft.version === version ? draft : null;
    } catch {
      return null;
    }
  }
  function forget() {
    try {
      localStorage.removeItem(key);
    } catch {
      // Without a memory there is nothing to forget.
    }
    note.hidden = true;
  }
  let unsaved = false; // written down nowhere: the browser asks before it leaves
  function keep() {
    const draft = { version, at: Date.now(), written: written() };
    try {
      localStorage.setItem(key, JSON.stringify(draft));
      unsaved = false;
    } catch {
      unsaved = true;
    }
  }
  function offer() {
    const draft = kept();
    if (!draft || same(draft.written, start)) return;
    const said = find("[data-said]", note);
    said.textContent = `${said.dataset.said} ${new Date(draft.at).toLocaleString(document.documentElement.lang)}`;
    note.hidden = false;
  }
  function take() {
    const draft = kept();
    for (const field of all("input, textarea", form)) {
      if (SKIPPED.has(field.name) || !field.name) continue;
      if (field.type === "radio" || field.type === "checkbox") {
        field.checked = draft.written[field.name] === field.value;
      } else if (field.name in draft.written) field.value = draft.written[field.name];
      editors.get(field)?.commands.setContent(field.value, { emitUpdate: false });
    }
    note.hidden = true;
    preview();
  }
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  for (const area of all("textarea[data-editor]", form)) edit(area);
  for (const input of all("input[data-line]", form)) editLine(input);
  speak(tabs.find((tab) => tab.getAttribute("aria-selected") === "true").dataset.language);
  const start = written();
  // What was refused stands on the page again: it is newer than what was kept.
  if (find("[aria-invalid=true], .errors", form)) keep();
  else offer();
  find("[data-draft-take]").addEventListener("click", take);
  find("[data-draft-drop]").addEventListener("click", forget);
  let keeping = 0;
  form.addEventListener("input", (event) => {
    if (event.target.name !== "customer") {
      clearTimeout(keeping);
      keeping = setTimeout(keep, 400);
    }
    previewSoon();
  });
  form.addEventListener("change", previewSoon);
  form.addEventListener("submit", () => {
    unsaved = false;
    clearTimeout(keeping);
    keep();
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
})();
