// The mark of the pages: a bar of cast metal, seen from the side.

/** An SVG document. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#b9541f" d="M9 9h14l6 14H3z"/><path fill="#e98a4f" d="M9 9h14l-2 4H11z"/></svg>`;
