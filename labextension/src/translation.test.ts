/** Every text that a person sees goes through `trans`, and at the time when it is drawn. Read from the sources. */
/// <reference types="vite/client" />
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Attributes and properties that people read or hear. */
const SEEN = new Set([
  'title',
  'label',
  'caption',
  'placeholder',
  'alt',
  'body',
  'aria-label',
  'textContent'
]);
const WORDS = /\p{L}{2}/u;
/** The same in every language. */
const NAMES = new Set(['layerlab', 'Keras', 'config.json', 'metadata.json']);

const hasWords = (text: string) => WORDS.test(text) && !NAMES.has(text.trim());

const FILES = Object.entries(
  import.meta.glob<string>(['./{views,plugins}/**/*.{ts,tsx}', '!**/*.test.ts'], {
    query: '?raw',
    eager: true,
    import: 'default'
  })
).sort();

/** What is wrong in a source, as 'line: what'. */
function findings(source: ts.SourceFile): string[] {
  const found: string[] = [];
  const report = (node: ts.Node, what: string) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push(`${line + 1}: ${what}: ${node.getText(source).trim().slice(0, 60)}`);
  };
  const visit = (node: ts.Node, isInFunction: boolean): void => {
    if (ts.isJsxText(node) && hasWords(node.text)) {
      report(node, 'text that is not translated');
    }
    const named = seen(node);
    if (named !== undefined && isWording(named)) {
      report(named, 'text that is not translated');
    }
    if (ts.isCallExpression(node) && /^trans\.\w+$/.test(node.expression.getText(source))) {
      const [text] = node.arguments;
      if (node.expression.getText(source) !== 'trans.__') {
        report(node, 'plural forms are evaluated as code');
      }
      if (text === undefined || !ts.isStringLiteral(text)) {
        report(node, 'tools that collect texts need a literal');
      }
      if (!isInFunction) {
        report(node, 'too early: nobody has said yet how to translate');
      }
    }
    const inFunction = isInFunction || ts.isFunctionLike(node);
    ts.forEachChild(node, child => visit(child, inFunction));
  };
  visit(source, false);
  return found;
}

/** What a node gives to an attribute or property that people see. */
function seen(node: ts.Node): ts.Expression | undefined {
  if (ts.isJsxAttribute(node) && SEEN.has(node.name.getText())) {
    const value = node.initializer;
    return value && ts.isJsxExpression(value) ? value.expression : (value as ts.StringLiteral | undefined);
  }
  if (ts.isJsxExpression(node) && node.parent && !ts.isJsxAttribute(node.parent)) {
    return node.expression;
  }
  if (ts.isPropertyAssignment(node) && SEEN.has(node.name.getText().replaceAll("'", ''))) {
    return node.initializer;
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const name = ts.isPropertyAccessExpression(node.left) ? node.left.name.text : '';
    return SEEN.has(name) ? node.right : undefined;
  }
  return undefined;
}

/** A literal with words; one that a condition chooses, or a template around values, included. */
function isWording(expression: ts.Expression): boolean {
  if (ts.isStringLiteral(expression) || ts.isNoSubstitutionTemplateLiteral(expression)) {
    return hasWords(expression.text);
  }
  if (ts.isTemplateExpression(expression)) {
    return [expression.head, ...expression.templateSpans.map(span => span.literal)].some(part =>
      hasWords(part.text)
    );
  }
  if (ts.isConditionalExpression(expression)) {
    return isWording(expression.whenTrue) || isWording(expression.whenFalse);
  }
  return ts.isParenthesizedExpression(expression) && isWording(expression.expression);
}

const parse = (name: string, text: string) => ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);

describe('the test itself', () => {
  it.each([
    ['const a = <p>Some words</p>', 'not translated'],
    ['const a = <p>{isOpen ? "Close" : trans.__("Open")}</p>', 'not translated'],
    ['const a = <p>{`step $' + '{n}`}</p>', 'not translated'],
    ['const a = <input aria-label="Find" />', 'not translated'],
    ['const a = { label: "Find" }', 'not translated'],
    ['function f() { el.textContent = "Words" }', 'not translated'],
    ['const a = trans.__("Too early")', 'too early'],
    ['function f(x) { return trans.__(x) }', 'literal'],
    ['function f(n) { return trans._n("a", "b", n) }', 'plural']
  ])('finds what is wrong in %s', (text, what) => {
    expect(findings(parse('a.tsx', text)).join()).toContain(what);
  });

  it('leaves alone what is right', () => {
    const text =
      'function f(a) { return <p title={a.name} className="words">{trans.__("Some %1", a)} · {a}</p> }';
    expect(findings(parse('a.tsx', text))).toEqual([]);
    expect(FILES.length).toBeGreaterThan(20);
  });
});

it.each(FILES)('%s', (name, text) => {
  expect(findings(parse(name, text))).toEqual([]);
});
