import { createHash } from 'node:crypto';
import { html, Markup } from '../../text/markup.ts';
import { STYLE } from './style.ts';

/** A part of a page with a heading. */
export interface Section {
  /** What a link on the page names. */
  readonly id: string;
  readonly title: string;
  readonly body: Markup | readonly Markup[];
}

/** What a page is made of. */
export interface Framed {
  readonly title: string;
  /** Below the title. */
  readonly about: Markup;
  /** Before all sections: what went wrong. */
  readonly alert?: Markup | undefined;
  readonly sections: readonly Section[];
  /** What runs when the page is opened, and the style that it needs. */
  readonly script?: { readonly code: string; readonly style: string } | undefined;
  /** Pages of others stand in frames of this one, where they run nothing; their own styles are allowed. */
  readonly framesPages?: boolean;
}

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** A page that needs nothing else: no network, and nothing runs or styles it but what its policy names by digest. */
export function framedPage({ title, about, alert, sections, script, framesPages = false }: Framed): string {
  const style = script === undefined ? STYLE : `${STYLE}\n${script.style.trim()}`;
  const policy = [
    "default-src 'none'",
    // A frame obeys the policy of the page around it: an unnamed style of its own needs this. All text on this page is escaped.
    `style-src ${framesPages ? "'unsafe-inline'" : digest(style)}`,
    ...(script === undefined ? [] : [`script-src ${digest(script.code)}`]),
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const links = sections.map((section) => html`<li><a href="#${section.id}">${section.title}</a></li>`);
  const parts = sections.map((section) => html`<section id="${section.id}"><h2>${section.title}</h2>\n${section.body}</section>\n`);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><title>${title}</title><style>${new Markup(style)}</style></head>
<body><header><h1>${title}</h1>${about}
<nav aria-label="Contents"><ul>${links}</ul></nav></header>
<main>${alert}
${parts}</main>${script === undefined ? '' : html`<script>${new Markup(script.code)}</script>`}
</body></html>
`.text;
}
