import type { PolicyMutant } from './policy-mutants.contract.js';

const SETTING = "current_setting('app.current_tenant', true)";
const OWN = `tenant_id = (SELECT nullif(${SETTING}, '')::uuid)`;

/** Every way to break a view that is the wall of a hypertable of the same name. */
export function barrierMutants(view: string): PolicyMutant[] {
  const mutant = (name: string, breaking: string, quiet = false) => ({ name, breaking, quiet });
  const replaced = (condition: string, from = `ts.${view}`) =>
    `CREATE OR REPLACE VIEW public.${view} WITH (security_barrier) AS
     SELECT * FROM ${from}${condition && ` WHERE ${condition}`} WITH CASCADED CHECK OPTION`;
  return [
    mutant('without its predicate', replaced('')),
    mutant('USING (true)', replaced('true')),
    mutant('with a careless second predicate', replaced(`${OWN} OR session_user IS NOT NULL`)),
    mutant('without nullif', replaced(`tenant_id = (SELECT ${SETTING}::uuid)`)),
    mutant('compared as text', replaced(`tenant_id::text = ${SETTING}`)),
    mutant('with another setting', replaced(OWN.replace('current_tenant', 'tenant'))),
    mutant('without its CHECK OPTION', `ALTER VIEW public.${view} RESET (check_option)`),
    // There is only one condition here, so that both check the same; a view upon it would not be checked.
    mutant('with a local CHECK OPTION', `ALTER VIEW public.${view} SET (check_option = local)`, true),
    // Noticed by functions that tell what they see, which have attacks of their own.
    mutant('without its barrier', `ALTER VIEW public.${view} RESET (security_barrier)`, true),
    mutant('owned by somebody else', `ALTER VIEW public.${view} OWNER TO CURRENT_USER`, true),
  ];
}
