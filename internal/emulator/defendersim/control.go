package defendersim

import "fmt"

// Plant puts rows into a table of the service. Many rows in one call are cheaper than many calls.
// Errors name the row and the column; then none of the rows is planted.
func (s *Server) Plant(table string, rows ...Planted) error {
	sources, err := s.database.lookup(table)
	if err != nil {
		return err
	}
	packed := make([]plantedRow, len(rows))
	for i, row := range rows {
		if packed[i], err = sources.planted.pack(row, s.now()); err != nil {
			return fmt.Errorf("plant row %d of %s: %w", i, table, err)
		}
	}
	sources.planted.add(packed)
	return nil
}

// SetFaults replaces the faults that strike by rate; without arguments there are none.
func (s *Server) SetFaults(faults ...Fault) { s.faults.set(faults) }

// FailNext makes f strike the next n calls that it concerns, whatever its rate.
func (s *Server) FailNext(n int, f Fault) { s.faults.failNext(n, f) }

// SetClientSecret replaces the one valid secret; tokens given for the old one stay valid.
func (s *Server) SetClientSecret(secret string) { s.entra.setSecret(secret) }

// ExpireClientSecret makes the secret one that was right but has expired.
func (s *Server) ExpireClientSecret() { s.entra.expireSecret() }

// SetRoles sets the app roles of tokens from now on; tokens that were given keep theirs.
func (s *Server) SetRoles(roles ...string) { s.entra.setRoles(roles) }

// RevokeTokens makes all tokens that were given invalid.
func (s *Server) RevokeTokens() { s.entra.revokeTokens() }

// Users are those of Graph, each with the properties that were ever set.
func (s *Server) Users() []map[string]any { return s.users.all() }

// PutUser adds a user to Graph's, restores one, or changes the properties that it names; a nil value
// empties one. Errors name the property.
func (s *Server) PutUser(properties map[string]any) error { return s.users.put(properties) }

// RemoveUser deletes a user of Graph's: into the bin, from where PutUser takes it back, or for good.
func (s *Server) RemoveUser(id string, forGood bool) error {
	if forGood {
		return s.users.remove(id, "deleted")
	}
	return s.users.remove(id, "changed")
}

// ExpireUserLinks makes Graph forget the links it gave to pages and changes of users: 410.
func (s *Server) ExpireUserLinks() { s.users.forgetTokens() }

// SetWithoutTables names the tables that the tenant's plan lacks.
func (s *Server) SetWithoutTables(names ...string) error { return s.database.setWithout(names) }

// SetLegacyRetired switches the legacy API off or on.
func (s *Server) SetLegacyRetired(retired bool) { s.retired.Store(retired) }

func (s *Server) legacyRetired() bool { return s.retired.Load() }

// Report is what the emulator has seen so far.
func (s *Server) Report() Report { return s.judge.report(s.quotas.spent()) }
