/*
 * What letters hold beyond plain formatting: fields, conditions, pictures of the house, links.
 * They are written as mailing/merge reads them: data-field, data-if, data-else, asset:name.
 */
(() => {
  "use strict";
  const { Node, Mark, InputRule, mergeAttributes } = Tiptap;
  const catalogue = JSON.parse(document.getElementById("editor-catalogue").textContent);
  const fields = catalogue.groups.flatMap((group) => group.fields);
  const byPath = new Map(fields.map((field) => [field.path, field]));
  const operators = new Map(catalogue.operators.map((operator) => [operator.code, operator]));
  const words = document.getElementById("condition-dialog").dataset;

  const nameOf = (path) => byPath.get(path)?.name || path;

  /** A condition in the words of its form: "Idioma es español". */
  function said({ field, operator, value }) {
    const known = byPath.get(field);
    const choice = known?.choices.find(([code]) => code === value);
    const asked = operators.get(operator);
    const literal = known?.kind === "number" ? value : `“${value}”`;
    const shown = asked && !asked.value ? "" : choice ? choice[1] : literal;
    return [nameOf(field), asked?.name || operator, shown].filter(Boolean).join(" ");
  }

  const attribute = (name, data, fallback = "") => ({
    [name]: {
      default: fallback,
      parseHTML: (element) => element.getAttribute(data) || fallback,
      renderHTML: (attributes) => ({ [data]: attributes[name] }),
    },
  });

  /** A field: one piece that is inserted, moved and deleted as a whole. */
  const Field = Node.create({
    name: "field",
    group: "inline",
    inline: true,
    atom: true,
    draggable: true,
    addAttributes: () => attribute("path", "data-field"),
    parseHTML: () => [{ tag: "span[data-field]" }],
    renderHTML: ({ node, HTMLAttributes }) => ["span", HTMLAttributes, nameOf(node.attrs.path)],
    renderText: ({ node }) => `{{ ${node.attrs.path} }}`,
    addInputRules() {
      // {{ customer.name }} typed by hand becomes the field, where there is such a field.
      return [
        new InputRule({
          find: /\{\{\s*([a-z_]+\.[a-z0-9_]+)\s*\}\}$/,
          handler: ({ state, range, match }) => {
            if (!byPath.has(match[1])) return null;
            state.tr.replaceWith(range.from, range.to, this.type.create({ path: match[1] }));
            return undefined;
          },
        }),
      ];
    },
  });

  const asked = {
    ...attribute("field", "data-if"),
    ...attribute("operator", "data-op"),
    ...attribute("value", "data-value"),
  };

  /** Words in a sentence that stand there only if. */
  const Sometimes = Mark.create({
    name: "sometimes",
    priority: 1100, // the outermost: what is bold inside stays one condition
    inclusive: false,
    addAttributes: () => asked,
    parseHTML: () => [{ tag: "span[data-if]" }],
    renderHTML: ({ HTMLAttributes, mark }) => [
      "span",
      mergeAttributes(HTMLAttributes, { title: `${words.if} ${said(mark.attrs)}` }),
      0,
    ],
  });

  /** Paragraphs that stand there only if, and others otherwise. */
  const Condition = Node.create({
    name: "condition",
    group: "block",
    content: "block+ otherwise?",
    defining: true,
    addAttributes: () => asked,
    parseHTML: () => [{ tag: "div[data-if]" }],
    renderHTML: ({ HTMLAttributes }) => ["div", HTMLAttributes, 0],
    addNodeView() {
      return ({ node, editor, getPos }) => {
        const dom = document.createElement("div");
        dom.className = "condition";
        const head = document.createElement("button");
        head.type = "button";
        head.contentEditable = "false";
        head.title = words.change;
        const contentDOM = document.createElement("div");
        dom.append(head, contentDOM);
        let shown = node;
        const show = () => {
          head.textContent = `${words.if} ${said(shown.attrs)}`;
        };
        show();
        head.addEventListener("click", () => {
          editor.chain().focus().setNodeSelection(getPos()).run();
          editor.view.dom.dispatchEvent(new CustomEvent("condition", { bubbles: true }));
        });
        return {
          dom,
          contentDOM,
          update(next) {
            if (next.type !== shown.type) return false;
            shown = next;
            show();
            return true;
          },
          ignoreMutation: (mutation) => head.contains(mutation.target),
          stopEvent: (event) => head.contains(event.target),
        };
      };
    },
  });

  const Otherwise = Node.create({
    name: "otherwise",
    content: "block+",
    defining: true,
    parseHTML: () => [{ tag: "div[data-else]" }],
    renderHTML: () => ["div", { "data-else": "" }, 0],
    addNodeView() {
      return () => {
        const dom = document.createElement("div");
        dom.className = "otherwise";
        const head = document.createElement("span");
        head.contentEditable = "false";
        head.textContent = words.otherwise;
        const contentDOM = document.createElement("div");
        dom.append(head, contentDOM);
        return { dom, contentDOM, ignoreMutation: (mutation) => head.contains(mutation.target) };
      };
    },
  });

  /** A picture of the house; the editor shows it from its address, the letter names it. */
  const Picture = Node.create({
    name: "picture",
    group: "inline",
    inline: true,
    atom: true,
    draggable: true,
    addAttributes: () => ({
      name: {
        default: "",
        parseHTML: (element) => element.getAttribute("src").replace(/^asset:/, ""),
        renderHTML: ({ name }) => ({ src: `asset:${name}` }),
      },
      ...attribute("alt", "alt"),
      width: {
        default: "",
        parseHTML: (element) => element.getAttribute("data-width") || "",
        renderHTML: ({ width }) => (width ? { "data-width": width } : {}),
      },
    }),
    parseHTML: () => [{ tag: 'img[src^="asset:"]' }],
    renderHTML: ({ HTMLAttributes }) => ["img", HTMLAttributes],
    addNodeView() {
      return ({ node }) => {
        const dom = document.createElement("img");
        const where = document.getElementById("picture-dialog")?.dataset.where || "";
        dom.src = where.replace("NAME", encodeURIComponent(node.attrs.name));
        dom.alt = node.attrs.alt;
        if (node.attrs.width) dom.className = `w${node.attrs.width}`;
        return { dom };
      };
    },
  });

  const Link = Mark.create({
    name: "link",
    inclusive: false,
    addAttributes: () => ({ href: { default: "" } }),
    parseHTML: () => [{ tag: "a[href]" }],
    renderHTML: ({ HTMLAttributes }) => ["a", HTMLAttributes, 0],
  });

  // Tables come without the widths that Tiptap would write into style attributes.
  const Table = Tiptap.Table.extend({
    renderHTML: () => ["table", ["tbody", 0]],
  }).configure({ resizable: false });

  window.BpiEditor = {
    catalogue,
    byPath,
    operators,
    extensions: (isLetter) => [
      Tiptap.Document,
      Tiptap.Paragraph,
      Tiptap.Text,
      Tiptap.HardBreak,
      Tiptap.Bold,
      Tiptap.Italic,
      Tiptap.Underline,
      Tiptap.Heading.configure({ levels: [2, 3] }),
      Tiptap.BulletList,
      Tiptap.OrderedList,
      Tiptap.ListItem,
      Tiptap.ListKeymap,
      Tiptap.Blockquote,
      Tiptap.HorizontalRule,
      Table,
      Tiptap.TableRow,
      Tiptap.TableHeader,
      Tiptap.TableCell,
      Tiptap.Gapcursor,
      Tiptap.Dropcursor,
      Tiptap.UndoRedo,
      Link,
      Sometimes,
      Condition,
      Otherwise,
      Field,
      ...(isLetter ? [Picture] : []),
    ],
  };
})();
