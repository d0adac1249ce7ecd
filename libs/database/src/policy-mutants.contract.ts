/** One way to break a table's wall. */
export interface PolicyMutant {
  name: string;
  /** SQL that a superuser runs. */
  breaking: string;
  /** The other policy, or PostgreSQL, holds it: no statement shows a difference, and only the catalogue tells. */
  quiet: boolean;
}

const SETTING = "current_setting('app.current_tenant', true)";
const OWN = `(tenant_id = (SELECT nullif(${SETTING}, '')::uuid))`;

/** Every mutant of the two policies of a table, and of the switches above them. */
export function policyMutants(table: string): PolicyMutant[] {
  const mutant = (name: string, breaking: string, quiet = false) => ({ name, breaking, quiet });
  const ofEither = (['tenant_isolation', 'tenant_wall'] as const).flatMap((policy) => {
    const kind = policy === 'tenant_wall' ? 'AS RESTRICTIVE' : 'AS PERMISSIVE';
    const replaced = (body: string, target = 'FOR ALL TO podcast_app') =>
      `DROP POLICY ${policy} ON ${table}; CREATE POLICY ${policy} ON ${table} ${kind} ${target} ${body}`;
    const both = (condition: string) => replaced(`USING (${condition}) WITH CHECK (${condition})`);
    return [
      mutant(`${policy} dropped`, `DROP POLICY ${policy} ON ${table}`),
      mutant(`${policy} without nullif`, both(`tenant_id = (SELECT ${SETTING}::uuid)`)),
      mutant(`${policy} compared as text`, both(`tenant_id::text = ${SETTING}`)),
      mutant(`${policy} on another column`, both(`${table}.tableoid::text = ${SETTING}`)),
      mutant(`${policy} with another setting`, both(OWN.replace('current_tenant', 'tenant'))),
      mutant(`${policy} USING (true)`, replaced(`USING (true) WITH CHECK ${OWN}`)),
      mutant(`${policy} WITH CHECK (true)`, replaced(`USING ${OWN} WITH CHECK (true)`)),
      // An omitted WITH CHECK takes the text of USING.
      mutant(`${policy} without WITH CHECK`, replaced(`USING ${OWN}`), true),
      mutant(`${policy} FOR SELECT`, replaced(`USING ${OWN}`, 'FOR SELECT TO podcast_app')),
      // Only the permissive one opens anything; a restrictive one for everyone closes more than it should.
      mutant(
        `${policy} for everyone`,
        replaced(`USING ${OWN} WITH CHECK ${OWN}`, 'TO PUBLIC'),
        policy === 'tenant_wall',
      ),
    ];
  });
  const careless = `CREATE POLICY careless ON ${table} TO podcast_app USING (true) WITH CHECK (true)`;
  return [
    ...ofEither,
    mutant('not enabled', `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`),
    mutant('not forced', `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`),
    // The wall holds it back, so that the attacks notice it only while the wall is down.
    mutant('a careless permissive policy', careless),
  ];
}
