import { answer, api } from '../../api/client.ts';
import { Loading } from '../../components/loading.tsx';
import { More } from '../../components/more.tsx';
import { usePages } from '../../components/pages.ts';
import { Table } from '../../components/table.tsx';
import { useI18n } from '../../i18n/i18n.ts';

export function Companies() {
  const { t } = useI18n();
  const companies = usePages((query) => answer(api.GET('/api/1c/companies', { params: { query } })), []);
  const none = t('app.none');
  return (
    <section class='panel'>
      <h2>{t('onec.companies')}</h2>
      <Loading of={companies}>
        {({ items }) =>
          items.length === 0
            ? <p class='muted'>{t('onec.noCompanies')}</p>
            : (
              <Table caption={t('onec.companies')} columns={[t('onec.name'), t('onec.code'), t('onec.inn')]}>
                {items.map((company) => (
                  <tr key={company.id}>
                    <th scope='row'>
                      {company.name}
                      {company.marked_deleted && <small>{t('onec.deleted')}</small>}
                    </th>
                    <td>{company.code ?? none}</td>
                    <td>{company.inn ?? none}</td>
                  </tr>
                ))}
              </Table>
            )}
      </Loading>
      <More of={companies} />
    </section>
  );
}
