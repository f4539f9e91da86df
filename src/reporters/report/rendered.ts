import type { RendererObject } from 'marked';
import { html, Markup } from '../../text/markup.ts';

/** The last level of headings. */
const DEEPEST = 6;

/** Markdown as a page of ours may show it: markup in it is text, nothing is loaded, and a link leads to an address of the web. */
const renderer: RendererObject = {
  html({ text }) {
    return html`${text}`.text;
  },
  image({ text, href }) {
    return html`[picture: ${text || href}]`.text;
  },
  link({ href, tokens }) {
    const words = this.parser.parseInline(tokens);
    return /^(?:https?|mailto):/i.test(href) ? html`<a href="${href}" rel="noopener noreferrer">${new Markup(words)}</a>`.text : words;
  },
  // It stands below a heading of the second level.
  heading({ tokens, depth }) {
    const level = Math.min(DEEPEST, depth + 2);
    return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
  },
  checkbox({ checked }) {
    return checked ? '☑ ' : '☐ ';
  },
};

/** Loads what turns Markdown into markup; whatever the text holds, it runs and loads nothing. */
export async function markdownReader(): Promise<(text: string) => Markup> {
  const { Marked } = await import('marked');
  const marked = new Marked({ async: false, gfm: true, renderer });
  return (text) => new Markup(marked.parse(text) as string);
}
