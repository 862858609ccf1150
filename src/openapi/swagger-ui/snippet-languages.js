/** How texts and values are written in the languages of the snippets. */
(() => {
  /**
   * Characters that are not seen. Some make a text look like another one (Trojan Source,
   * CVE-2021-42574), so they are written as escapes.
   */
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
  const UNSEEN_BUT_BLANKS = /(?![\n\r\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

  const hex = (number, digits) => number.toString(16).padStart(digits, '0');

  /** JSON and JavaScript escape the UTF-16 units of a character. */
  function escapeUnits(character) {
    return character.replace(/[^]/g, (unit) => `\\u${hex(unit.charCodeAt(0), 4)}`);
  }

  const shell = {
    string: (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`,
    /** A variable is filled in between double quotes alone. */
    text(parts) {
      if (parts.every((part) => typeof part === 'string')) return shell.string(parts.join(''));
      const inside = parts.map((part) =>
        typeof part === 'string' ? part.replace(/[\\"$`]/g, String.raw`\$&`) : `$${part.variable}`,
      );
      return `"${inside.join('')}"`;
    },
    /** The text of a JSON document, in which unseen characters stand in strings alone. */
    json: (source) => shell.string(source.replace(UNSEEN_BUT_BLANKS, escapeUnits)),
  };

  const python = {
    step: '    ',
    map: '{}',
    emptyMap: '{}',
    arrow: ': ',
    joint: ' + ',
    words: { true: 'True', false: 'False', null: 'None' },
    string: (text) =>
      JSON.stringify(text).replace(UNSEEN, (unseen) => `\\U${hex(unseen.codePointAt(0), 8)}`),
    variable: (name) => `os.environ["${name}"]`,
  };

  const NODE_BASIC_CREDENTIALS = 'btoa(process.env.CLIENT_ID + ":" + process.env.CLIENT_SECRET)';

  const javascript = {
    step: '  ',
    map: '{}',
    emptyMap: '{}',
    arrow: ': ',
    joint: ' + ',
    words: {},
    string: (text) => JSON.stringify(text).replace(UNSEEN, escapeUnits),
    variable: (name) =>
      name === 'BASIC_CREDENTIALS' ? NODE_BASIC_CREDENTIALS : `process.env.${name}`,
  };

  const php = {
    step: '    ',
    map: '[]',
    // An empty array would be a list in JSON.
    emptyMap: '(object) []',
    arrow: ' => ',
    joint: ' . ',
    words: {},
    string: (text) => (text.search(UNSEEN) >= 0 ? phpEscaped(text) : phpPlain(text)),
    variable: (name) => `getenv('${name}')`,
  };

  function phpPlain(text) {
    return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
  }

  function phpEscaped(text) {
    const inside = text
      .replace(/[\\"$]/g, String.raw`\$&`)
      .replace(UNSEEN, (unseen) => `\\u{${hex(unseen.codePointAt(0), 1)}}`);
    return `"${inside}"`;
  }

  /** A value of JSON as a literal. */
  function literal(language, value, indent) {
    if (typeof value === 'string') return language.string(value);
    if (typeof value !== 'object' || value === null) {
      return language.words[String(value)] ?? String(value);
    }
    const write = (inner) => literal(language, inner, indent + language.step);
    if (Array.isArray(value)) return enclosed(language, '[]', value.map(write), indent);
    const pairs = Object.entries(value).map(
      ([name, inner]) => language.string(name) + language.arrow + write(inner),
    );
    return pairs.length === 0 ? language.emptyMap : enclosed(language, language.map, pairs, indent);
  }

  /** Texts by name as a map. */
  function textMap(language, texts, indent) {
    const pairs = Object.entries(texts).map(
      ([name, text]) => language.string(name) + language.arrow + textOf(language, text),
    );
    return enclosed(language, language.map, pairs, indent);
  }

  /** A text as an expression. */
  function textOf(language, text) {
    return text
      .map((part) =>
        typeof part === 'string' ? language.string(part) : language.variable(part.variable),
      )
      .join(language.joint);
  }

  /** Items between brackets, each on a line of its own. */
  function enclosed({ step }, [open, close], items, indent) {
    if (items.length === 0) return open + close;
    return `${open}\n${items.map((item) => `${indent}${step}${item},\n`).join('')}${indent}${close}`;
  }

  globalThis.posternDocs = {
    ...globalThis.posternDocs,
    languages: { shell, python, javascript, php },
    writing: { literal, textMap, textOf, enclosed },
  };
})();
