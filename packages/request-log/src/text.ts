/*
 * A log line is read by machines as JSON, where nothing can break out, and by people in terminals, where
 * escape sequences and line separators from a client can forge or hide lines. None of them gets there.
 */

/** Control characters, format characters (the direction of text among them), separators of lines, halves of pairs. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Nearly all text is no more than this, and told apart fast. */
const PRINTABLE_ASCII = /^[ -~]*$/;

/** Makes text of a client's safe to show: cut to a length, and with everything invisible escaped. */
export function plain(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return PRINTABLE_ASCII.test(cut) ? cut : cut.replace(UNSAFE, escaped);
}

function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
