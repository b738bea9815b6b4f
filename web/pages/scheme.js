// Applies the theme of the settings to every page, and to every tab when it changes. Not a module:
// it has to run before the first paint, or a dark page would flash white.

{
  const KEY = 'gollabedit.settings';

  const apply = () => {
    let scheme = 'system';
    try {
      scheme = JSON.parse(localStorage.getItem(KEY) ?? '{}').scheme;
    } catch {
      // no storage, or nothing readable in it: follow the system
    }
    document.documentElement.dataset.scheme = scheme;
  };

  apply();
  addEventListener('storage', apply);
}
