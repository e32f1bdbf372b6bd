/** Downloads a report with a token, which the browser does not send for a plain link. */
import { answer, api } from '../../api/client.ts';

export const FILE_FORMATS = ['csv', 'xlsx', 'png'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export async function saveReport(report_id: string, format: FileFormat): Promise<void> {
  const params = { path: { report_id }, query: { format } };
  const content: unknown = await answer(
    api.GET('/api/analytics/reports/{report_id}', { params, parseAs: 'blob' }),
  );
  if (!(content instanceof Blob)) throw new Error('the report came without a content');
  save(content, `report-${report_id.slice(0, 8)}.${format}`);
}

function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has started the download by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href));
}
