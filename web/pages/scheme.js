// Light or dark, as it was chosen in the settings; on every page, and in every tab as soon as one
// changes it. No module: it runs before the page is painted, or a dark page would flash white.

{
  const KEY = 'gollabedit.settings';

  const apply = () => {
    let scheme = 'system';
    try {
      scheme = JSON.parse(localStorage.getItem(KEY) ?? '{}').scheme;
    } catch {
      // no storage, or nothing readable in it: as the system has it
    }
    document.documentElement.dataset.scheme = scheme;
  };

  apply();
  addEventListener('storage', apply);
}
