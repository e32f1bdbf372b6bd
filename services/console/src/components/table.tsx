import type { ComponentChildren } from 'preact';

interface TableProps {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}

/** A table that scrolls sideways when it is wider than the page. */
export const Table = ({ caption, columns, children }: TableProps) => (
  <div class='scroll' tabIndex={0} role='region' aria-label={caption}>
    <table>
      <caption class='unseen'>{caption}</caption>
      <thead>
        <tr>{columns.map((column) => <th key={column} scope='col'>{column}</th>)}</tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);
