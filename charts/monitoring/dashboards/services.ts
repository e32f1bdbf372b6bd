/** What single services do: AI calls and their cost, copying from 1C. */
import { ONEC_INTEGRATION } from '../../graph/model.ts';
import type { DashboardSpec } from './model.ts';

/** Tokens by the model they are priced by: `gpt-4-0613` is a release of `gpt-4`. */
const tokens = (window: string): string =>
  `sum by (model, kind) (label_replace(increase(ai_tokens_total[${window}]), "model", "$1", "model", "(.+?)-(?:[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}|latest)"))`;
/** In US dollars, by the prices analytics calculates its reports with. */
const cost = (window: string): string =>
  `sum by (model) (${tokens(window)} * on (model, kind) group_left () max by (model, kind) (ai_token_price_dollars))`;

export const ai = (): DashboardSpec => ({
  uid: 'assistants-ai',
  title: 'AI usage and cost',
  folder: 'Services',
  rows: [
    {
      title: 'Usage',
      panels: [
        {
          title: 'Cost in the time shown',
          kind: 'stat',
          unit: 'currencyUSD',
          queries: [{ expr: `sum(${cost('$__range')}) or vector(0)`, legend: '' }],
        },
        {
          title: 'Tokens in the time shown',
          kind: 'stat',
          unit: 'short',
          queries: [{ expr: 'sum(increase(ai_tokens_total[$__range])) or vector(0)', legend: '' }],
        },
        {
          title: 'Calls that failed',
          kind: 'stat',
          unit: 'percentunit',
          queries: [
            {
              expr: 'sum(rate(ai_provider_calls_total{outcome!="ok"}[$__range])) / sum(rate(ai_provider_calls_total[$__range])) or vector(0)',
              legend: '',
            },
          ],
        },
        {
          title: 'Cost an hour, by model',
          unit: 'currencyUSD',
          queries: [{ expr: cost('1h'), legend: '{{model}}' }],
        },
        {
          title: 'Tokens a second',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (model, kind) (rate(ai_tokens_total[$__rate_interval]))',
              legend: '{{model}} {{kind}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Providers',
      panels: [
        {
          title: 'Calls by outcome',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (provider, outcome) (rate(ai_provider_calls_total[$__rate_interval]))',
              legend: '{{provider}} {{outcome}}',
            },
          ],
        },
        {
          title: 'Time of a call, 95 %',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (le, provider) (rate(ai_provider_call_duration_seconds_bucket[$__rate_interval])))',
              legend: '{{provider}}',
            },
          ],
        },
        {
          title: 'Fallbacks and flagged prompts',
          queries: [
            {
              expr: 'sum by (provider) (increase(ai_fallbacks_total[$__rate_interval]))',
              legend: 'fallback from {{provider}}',
            },
            {
              expr: 'sum by (marker) (increase(ai_prompts_flagged_total[$__rate_interval]))',
              legend: 'flagged: {{marker}}',
            },
          ],
        },
      ],
    },
  ],
});

export const onec = (): DashboardSpec => ({
  uid: 'assistants-onec',
  title: '1C synchronization',
  folder: 'Services',
  rows: [
    {
      title: 'Synchronization',
      panels: [
        {
          title: 'Ended, by status',
          queries: [
            {
              expr: 'sum by (status) (increase(onec_sync_jobs_total[$__rate_interval]))',
              legend: '{{status}}',
            },
          ],
        },
        {
          title: 'Rows a second',
          queries: [
            { expr: 'sum(rate(onec_sync_rows_read_total[$__rate_interval]))', legend: 'looked at' },
            { expr: 'sum(rate(onec_sync_rows_total[$__rate_interval]))', legend: 'stored' },
          ],
        },
        {
          title: 'Events not published yet',
          queries: [{ expr: `sum(outbox_pending{job="${ONEC_INTEGRATION}"})`, legend: 'outbox' }],
        },
      ],
    },
    {
      title: '1C server',
      panels: [
        {
          title: 'Requests by outcome',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (operation, outcome) (rate(onec_requests_total[$__rate_interval]))',
              legend: '{{operation}} {{outcome}}',
            },
          ],
        },
        {
          title: 'Time of a request, 95 %',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (le, operation) (rate(onec_request_duration_seconds_bucket[$__rate_interval])))',
              legend: '{{operation}}',
            },
          ],
        },
        {
          title: 'Sessions in use',
          description: 'Each takes a licence of 1C.',
          queries: [{ expr: 'sum(onec_sessions_in_use)', legend: 'sessions' }],
        },
      ],
    },
  ],
});
