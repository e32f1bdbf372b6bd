import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** Further attributes of the element. */
  readonly input?: JSX.IntrinsicElements['input'];
}

export function Field({ label, hint, value, onValue, input }: FieldProps) {
  const id = useId();
  return (
    <div class='field'>
      <label for={id}>{label}</label>
      <input
        {...input}
        id={id}
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      {hint && <p id={`${id}-hint`} class='small'>{hint}</p>}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly onValue: (value: Value) => void;
  readonly hidesLabel?: boolean;
  readonly disabled?: boolean;
}

export function Choice<Value extends string>(props: ChoiceProps<Value>) {
  const { label, value, options, onValue, hidesLabel = false, disabled = false } = props;
  const id = useId();
  const choose = (chosen: string) => {
    const found = options.find(([option]) => option === chosen);
    if (found) onValue(found[0]);
  };
  return (
    <div class='field'>
      <label for={id} class={hidesLabel ? 'unseen' : undefined}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {options.map(([option, text]) => <option key={option} value={option}>{text}</option>)}
      </select>
    </div>
  );
}

interface FormProps {
  readonly onSubmit: () => void;
  readonly label?: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export const Form = ({ onSubmit, label, class: name, children }: FormProps) => (
  <form
    class={name}
    aria-label={label}
    onSubmit={(event) => {
      event.preventDefault();
      onSubmit();
    }}
  >
    {children}
  </form>
);
