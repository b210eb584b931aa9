// What tiptap.min.js is made of; docs/static-files.md says how.
export { Editor, Extension, InputRule, Mark, Node, mergeAttributes } from "@tiptap/core";
export { Blockquote } from "@tiptap/extension-blockquote";
export { Bold } from "@tiptap/extension-bold";
export { Document } from "@tiptap/extension-document";
export { HardBreak } from "@tiptap/extension-hard-break";
export { Heading } from "@tiptap/extension-heading";
export { HorizontalRule } from "@tiptap/extension-horizontal-rule";
export { Italic } from "@tiptap/extension-italic";
export { BulletList, ListItem, ListKeymap, OrderedList } from "@tiptap/extension-list";
export { Paragraph } from "@tiptap/extension-paragraph";
export { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";
export { Text } from "@tiptap/extension-text";
export { Underline } from "@tiptap/extension-underline";
export { Dropcursor, Gapcursor, UndoRedo } from "@tiptap/extensions";
export { NodeSelection, TextSelection } from "@tiptap/pm/state";
