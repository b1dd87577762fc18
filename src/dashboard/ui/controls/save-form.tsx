import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

export interface SaveFormProps {
  /** What is saved under the name. */
  readonly label: string;
  /** @returns whether it was saved: the field is empty then */
  readonly onSave: (name: string) => Promise<boolean>;
}

/** A field for a name and a button that saves something under it. */
export function SaveForm({ label, onSave }: SaveFormProps): JSX.Element {
  const [name, setName] = useState('');
  const inputId = useId();
  const wanted = name.trim();
  const save = async (): Promise<void> => {
    if (wanted !== '' && (await onSave(wanted))) setName('');
  };
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label for={inputId}>{label}</label>
      <input
        id={inputId}
        class="field"
        type="text"
        autocomplete="off"
        spellcheck={false}
        maxLength={255}
        placeholder="name"
        value={name}
        onInput={({ currentTarget }) => {
          setName(currentTarget.value);
        }}
      />
      <button type="submit" class="button" disabled={wanted === ''}>
        Save
      </button>
    </form>
  );
}
