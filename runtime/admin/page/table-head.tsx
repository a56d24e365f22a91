// Head of a table, in the panels of the admin page and in the views of the viewer.

/** Title of a column, and the classes that its cells have for alignment and width. */
type Column = readonly [title: string, className?: string];

export function TableHead({ columns }: { columns: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map(([title, className]) => (
          <th key={title} scope="col" class={className}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}
