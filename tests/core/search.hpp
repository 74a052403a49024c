// Breadth-first search over everything that may happen to one lane. From every state each possible input is tried once,
// until nothing new is found. From every new state it is also judged what follows when all turns normal, and when
// somebody steps into the swept area.
//
// States with the same key (search_key.cpp) are taken for one and the first of them stands for all: that is the bound
// of the proof. What differs only in a count beyond the key's, in the time to a deadline, in flags and texts of a
// receipt or in a claim that is to be given back is looked at once; so is, but in a fine search, what the counter
// remembers of ways already gone, how many questions in a row got no answer, and what only the lane's own judge asks of
// the barrier's last reading. Further bounds:
// - time goes in turns of 90 ms; between two turns anything may happen, in any order
// - one cart, with a new session only once the last is used up and fewer than two are on their way out; parties of one
//   or two; one closure and one expected walkout at a time; with `cart_stays` the cart is near from the start
// - two questions out at once: a third ends the first without an answer, and so do 1.5 s; with `answers_at_once` the
//   backend answers in the same instant, no to who stands there, yes to who was admitted
// - `troubles_at_most` at once; a device that is gone is told of before it is found again; what its eyes see meanwhile
//   counts when it is read again; one kill
// - staff commands that would be refused are not given; lamps, buzzer, `alive` and the fire panel are left out
// - a lane without limits takes its barrier for closed when the time to close is over: one that stood still meanwhile
//   and goes on closing later is not judged
#pragma once

#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "search_world.hpp"

namespace exitgate::test {

struct SearchResult {
  std::size_t states = 0;
  std::size_t transitions = 0;
  std::size_t calm_runs = 0;    ///< states from which the lane was seen to come to rest
  std::size_t person_runs = 0;  ///< states in which somebody stepped into the swept area
  std::size_t depth = 0;        ///< inputs to the farthest state
  bool complete = false;        ///< nothing new is left to find
  std::string wrong;            ///< what was found, with the inputs that lead there
};

class Search {
 public:
  explicit Search(SearchOptions options) : options_(std::move(options)) {}
  SearchResult run();

 private:
  struct Node {
    SearchWorld world;
    std::size_t id = 0;
  };
  struct Origin {
    std::size_t from = 0;
    Input input{};
    std::size_t depth = 0;
  };
  bool expand(const Node& node);
  bool arrive(SearchWorld&& world, std::size_t from, Input input);
  void wait(SearchWorld& world) const;
  [[nodiscard]] std::string rests(SearchWorld world);
  [[nodiscard]] std::string come_to_rest(SearchWorld& world, std::vector<std::string>& way) const;
  [[nodiscard]] static std::string lets_out(SearchWorld world);
  [[nodiscard]] std::string path(std::size_t id) const;

  SearchOptions options_;
  SearchResult result_;
  std::deque<Node> frontier_;
  std::unordered_map<std::string, std::size_t> known_;
  std::vector<Origin> origins_;
  std::unordered_set<std::string> restful_;  ///< keys of states of a calm that came to rest
};

}  // namespace exitgate::test
