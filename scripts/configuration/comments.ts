/** Comments of charts/config/ by path of their field; `*` is any entry of a mapping, `[]` any list item. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type CallExpression,
  type Comment,
  type Expression,
  type ImportDeclaration,
  type ObjectProperty,
  type ObjectPropertyKind,
  type Program,
  parseSync,
  type Statement,
} from 'oxc-parser';

interface Source {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
}

const sources = new Map<string, Source>();

function sourceOf(path: string): Source {
  const known = sources.get(path);
  if (known) return known;
  const text = readFileSync(path, 'utf8');
  const { program, comments } = parseSync(path, text);
  const source = { path, text, program, comments };
  sources.set(path, source);
  return source;
}

type Definition = readonly [Source, Expression];

/** Where a name is defined: in the file itself or in an imported one; undefined for a name of a library. */
function definitionOf(source: Source, name: string): Definition | undefined {
  for (const statement of source.program.body) {
    const found =
      statement.type === 'ImportDeclaration'
        ? imported(source, statement, name)
        : declared(source, statement, name);
    if (found) return found;
  }
  return undefined;
}

function declared(source: Source, statement: Statement, name: string): Definition | undefined {
  const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
  if (declaration?.type !== 'VariableDeclaration') return undefined;
  const found = declaration.declarations.find(({ id }) => id.type === 'Identifier' && id.name === name);
  return found?.init ? [source, found.init] : undefined;
}

function imported(source: Source, statement: ImportDeclaration, name: string): Definition | undefined {
  const path = statement.source.value;
  if (!path.startsWith('.') || !statement.specifiers.some(({ local }) => local.name === name))
    return undefined;
  return definitionOf(sourceOf(resolve(dirname(source.path), path)), name);
}

/** The comment that ends right before a position. */
function commentBefore({ text, comments }: Source, start: number): string | undefined {
  const comment = comments.findLast(({ end }) => end <= start);
  if (!comment?.value.startsWith('*') || text.slice(comment.end, start).trim() !== '') return undefined;
  return comment.value
    .replace(/^\*|\n\s*\*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

const nameOf = ({ key }: ObjectProperty): string => {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? String(key.value) : '?';
};

/** Walks an expression that makes a schema, and collects the comment before each field. */
class Walk {
  readonly comments = new Map<string, string>();

  visit(source: Source, expression: Expression, at: readonly string[]): void {
    switch (expression.type) {
      case 'ObjectExpression':
        this.fields(source, expression.properties, at);
        return;
      case 'Identifier':
        this.named(source, expression.name, at);
        return;
      case 'ArrowFunctionExpression':
        if (expression.body.type !== 'BlockStatement') this.visit(source, expression.body, at);
        return;
      case 'CallExpression':
        this.call(source, expression, at);
    }
  }

  private fields(source: Source, properties: readonly ObjectPropertyKind[], at: readonly string[]): void {
    for (const property of properties) {
      if (property.type === 'SpreadElement') this.visit(source, property.argument, at);
      else this.field(source, property, [...at, nameOf(property)]);
    }
  }

  private field(source: Source, property: ObjectProperty, at: readonly string[]): void {
    const comment = commentBefore(source, property.start);
    if (comment) this.comments.set(at.join('.'), comment);
    this.visit(source, property.value, at);
  }

  private named(source: Source, name: string, at: readonly string[]): void {
    const definition = definitionOf(source, name);
    if (definition) this.visit(...definition, at);
  }

  private call(source: Source, { callee, arguments: args }: CallExpression, at: readonly string[]): void {
    if (callee.type === 'Identifier') this.named(source, callee.name, at);
    if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
    const step = STEPS[callee.property.name];
    const argument = args.at(-1);
    if (step && argument && argument.type !== 'SpreadElement') this.visit(source, argument, [...at, ...step]);
    else this.visit(source, callee.object, at);
  }
}

/** Functions that make schemas, and what each adds to the path of its fields. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  strictObject: [],
  record: ['*'],
  partialRecord: ['*'],
  array: ['[]'],
};

/** @throws Error when the file defines no such schema. */
export function fieldComments(path: string, root: string): ReadonlyMap<string, string> {
  const definition = definitionOf(sourceOf(resolve(path)), root);
  if (!definition) throw new Error(`${path} defines no ${root}`);
  const walk = new Walk();
  walk.visit(...definition, []);
  return walk.comments;
}
