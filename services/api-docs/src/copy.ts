/** Copies an example, and confirms it on the button. */
for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copy ?? '')?.textContent ?? '';
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      // The browser may refuse the copy; people can still select the text.
      button.textContent = 'Select the text and copy it';
    }
  });
}
