// A robot's joints in Gazebo: velocity servos with the effort limits of the model, and where its links are.
#ifndef JEPA_MPC_ARM_HH_
#define JEPA_MPC_ARM_HH_

#include <gazebo/physics/physics.hh>

#include <string>
#include <utility>
#include <vector>

namespace jepa_mpc
{
using LinkPoses = std::vector<std::pair<std::string, ignition::math::Pose3d>>;

/// The joints in the order they are named. No locks: whoever calls holds the physics update mutex, or is in a physics update.
class Arm
{
public:
  /// Throws std::runtime_error naming a joint that the model lacks.
  Arm(gazebo::physics::ModelPtr model, const std::vector<std::string> &jointNames);

  std::size_t size() const { return this->joints_.size(); }

  /// Velocity set-points [J] in rad/s.
  void follow(std::vector<double> velocities) { this->setPoints_ = std::move(velocities); }

  /// Applies the servos' efforts for one physics step.
  void actuate();

  /// At rest at `positions` [J], told to stand still.
  void teleport(const std::vector<double> &positions);

  std::vector<double> positions() const;
  std::vector<double> velocities() const;
  const std::vector<double> &efforts() const { return this->efforts_; }

  /// World pose of each link, by its scoped name.
  LinkPoses linkPoses() const;

  /// The same with the joints at `positions` [J]. The model is as before afterwards.
  LinkPoses linkPosesAt(const std::vector<double> &positions);

private:
  void place(const std::vector<double> &positions);

  gazebo::physics::ModelPtr model_;
  gazebo::physics::ModelState zero_;
  std::vector<gazebo::physics::JointPtr> joints_;
  std::vector<double> gains_;
  std::vector<double> setPoints_;
  std::vector<double> efforts_;
};
}  // namespace jepa_mpc

#endif
